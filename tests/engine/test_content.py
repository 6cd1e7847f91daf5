"""The hash of a saved model's content: what counts, and what does not."""

import io
import json
import zipfile
from typing import IO

import pytest

from modelyard.saved.content import content_hash

CONFIGURATION = {"a": {"learning_rate": 1e-05, "epochs": 3}, "b": ["x", 1.0]}
MEMBERS = {"metadata.json": b"1", "config.json": b"{}", "model.weights.h5": b"weights" * 1000}


def saved(members: dict[str, bytes], year: int = 2026) -> io.BytesIO:
    """Return a .keras file in memory."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return file


EXPECTED = content_hash(CONFIGURATION, saved(MEMBERS))


def test_saving_again_and_reordering_keys_change_nothing() -> None:
    backwards = {"b": ["x", 1.0], "a": {"epochs": 3, "learning_rate": 1e-05}}
    later = dict(reversed((MEMBERS | {"metadata.json": b"another date"}).items()))
    assert content_hash(backwards, saved(later, 2031)) == EXPECTED
    assert len(EXPECTED) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"model.weights.h5": b"weights" * 999 + b"weight5"},
        {"config.json": b'{"layers": 2}'},
        {"assets/vocabulary.txt": b"a"},
    ],
)
def test_another_byte_of_what_keras_reads_is_another_content(change: dict[str, bytes]) -> None:
    assert content_hash(CONFIGURATION, saved(MEMBERS | change)) != EXPECTED


def test_addresses_of_objects_do_not_count_but_which_are_one_object_does() -> None:
    def hashed(*addresses: int) -> str:
        layers = [{"dtype": {"shared_object_id": address}} for address in addresses]
        config = json.dumps({"layers": layers}).encode()
        return content_hash(CONFIGURATION, saved(MEMBERS | {"config.json": config}))

    assert hashed(140696096383120, 1, 140696096383120) == hashed(7, 8, 7)
    assert hashed(7, 8, 7) != hashed(7, 8, 8)


def test_bytes_that_move_from_one_member_to_the_next_are_another_content() -> None:
    one = saved({"a": b"xy", "b": b"", **MEMBERS})
    other = saved({"a": b"x", "b": b"y", **MEMBERS})
    assert content_hash(CONFIGURATION, one) != content_hash(CONFIGURATION, other)


@pytest.mark.parametrize("value", [1e-04, "1e-05", None, 2])
def test_another_value_in_the_configuration_is_another_content(value: object) -> None:
    changed = {**CONFIGURATION, "a": {"learning_rate": value, "epochs": 3}}
    assert content_hash(changed, saved(MEMBERS)) != EXPECTED


def _twice() -> IO[bytes]:
    file = saved(MEMBERS)
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"other")
    return file


def _broken() -> IO[bytes]:
    content = bytearray(saved(MEMBERS).getvalue())
    content[content.index(b"weightsweights")] ^= 1
    return io.BytesIO(bytes(content))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (lambda: io.BytesIO(b"\x89HDF"), "not an intact .keras file"),
        (lambda: io.BytesIO(saved(MEMBERS).getvalue()[:-30]), "not an intact .keras file"),
        (_broken, "not an intact .keras file .Bad CRC"),
        (lambda: saved(MEMBERS | {"config.json": b"no"}), "its config.json is not JSON"),
        (_twice, "holds a member twice"),
        (lambda: saved({"config.json": b""}), "no model.weights.h5 in it"),
    ],
)
def test_what_is_no_keras_file_is_said_to_be_none(file: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        content_hash(CONFIGURATION, file())  # type: ignore[operator]
