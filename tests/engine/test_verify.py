"""What is damaged in DVC's cache goes; what is intact, missing or newer stays."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from modelyard.files import write_yaml
from modelyard.pipeline.verify import SEEN, cache_folder, heal, purge

MODEL, DATA = Path("models/a/model.keras"), Path("data/processed/a")
LOCK, CACHE = Path("models/a/dvc.lock"), Path(".dvc/cache/files/md5")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def place(digest: str) -> Path:
    return CACHE / digest[:2] / digest[2:]


def cached(content: bytes, ending: str = "") -> str:
    """Put content into the cache, read-only as DVC does; return its hash."""
    digest = md5(content) + ending
    place(digest).parent.mkdir(parents=True, exist_ok=True)
    place(digest).write_bytes(content)
    place(digest).chmod(0o444)
    return digest


def written(path: Path, content: bytes) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return content


def spoil(path: Path, content: bytes = b"other") -> None:
    path.unlink()
    path.write_bytes(content)


@pytest.fixture(autouse=True)
def _recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model and a folder of two files, recorded, cached and here."""
    monkeypatch.chdir(tmp_path)
    model = cached(written(MODEL, b"weights"))
    files = {name: cached(written(DATA / name, name.encode() * 9)) for name in ("x.npy", "y.npy")}
    listing = json.dumps([{"md5": digest, "relpath": name} for name, digest in files.items()])
    folder = cached(listing.encode(), ".dir")
    outs = [
        {"path": str(MODEL), "hash": "md5", "md5": model},
        {"path": str(DATA), "hash": "md5", "md5": folder},
    ]
    write_yaml(LOCK, {"schema": "2.0", "stages": {"train": {"cmd": "x", "outs": outs}}})


def healed(*, succeeded: bool = True) -> list[str]:
    return heal([Path("dvc.lock"), LOCK], CACHE, succeeded=succeeded)


def purged() -> list[str]:
    return purge([Path("dvc.lock"), LOCK], CACHE)


def test_what_is_as_recorded_stays_and_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == CACHE
    assert (healed(), purged()) == ([], [])
    assert set(json.loads(SEEN.read_text())) == {str(MODEL), str(DATA)}
    before = SEEN.stat().st_mtime_ns
    monkeypatch.setattr("modelyard.pipeline.verify._is_wrong", lambda _: 1 / 0)
    assert healed() == []
    assert SEEN.stat().st_mtime_ns == before


@pytest.mark.parametrize("path", [MODEL, DATA / "y.npy"])
@pytest.mark.parametrize("content", [b"", b"weighty", b"y.npy"])
def test_a_file_that_came_damaged_out_of_the_cache_goes_from_both(
    path: Path, content: bytes
) -> None:
    assert healed() == []
    original = place(md5(path.read_bytes()))
    for one in (path, original):
        spoil(one, content)
    assert healed() == [str(path)]
    assert not path.exists()
    assert not original.exists()
    assert healed() == []


@pytest.mark.parametrize("path", [MODEL, DATA / "y.npy"])
def test_what_dvc_is_about_to_take_out_of_its_cache_is_looked_at_first(path: Path) -> None:
    original, content = place(md5(path.read_bytes())), path.read_bytes()
    path.unlink()
    assert purged() == []
    assert original.exists()
    spoil(original)
    assert purged() == [str(path)]
    assert not original.exists()
    written(path, content)


def test_a_damaged_original_of_a_file_that_is_here_is_nothing_to_stop_for() -> None:
    spoil(place(md5(MODEL.read_bytes())))
    assert (purged(), healed()) == ([], [])
    assert MODEL.read_bytes() == b"weights"


@pytest.mark.parametrize("content", [b"", b"[", b"[]"])
def test_a_damaged_list_of_a_folder_goes(content: bytes) -> None:
    [listing] = CACHE.glob("*/*.dir")
    spoil(listing, content)
    assert purged() == [str(DATA)]
    assert not listing.exists()
    assert (purged(), healed()) == ([], [])


def test_a_changed_file_goes_after_a_run_that_succeeded_only_and_its_original_stays() -> None:
    original = place(md5(MODEL.read_bytes()))
    spoil(MODEL, b"newer")  # of a stage that failed later
    assert healed(succeeded=False) == []
    assert MODEL.read_bytes() == b"newer"
    assert healed() == [str(MODEL)]
    assert original.read_bytes() == b"weights"


def test_a_damaged_original_goes_after_a_run_that_failed_on_it() -> None:
    original = place(md5(MODEL.read_bytes()))
    for one in (MODEL, original):
        spoil(one)
    assert healed(succeeded=False) == [str(MODEL)]
    assert not original.exists()


def test_what_is_in_no_cache_or_not_recorded_is_left_alone() -> None:
    place(md5(MODEL.read_bytes())).unlink()
    spoil(MODEL)
    written(DATA / "more.txt", b"more")
    (DATA / "x.npy").unlink()
    assert healed() == []
    assert MODEL.read_bytes() == b"other"
    assert (DATA / "more.txt").is_file()


@pytest.mark.parametrize("text", ["", "[]", "stages: [", "stages: {train: {outs: [x]}}"])
def test_a_damaged_lock_or_memory_stops_nothing(text: str) -> None:
    written(SEEN, text.encode())
    assert healed() == []
    LOCK.write_text(text)
    assert (purged(), healed()) == ([], [])


def test_equal_sizes_and_new_times_are_read_again() -> None:
    assert healed() == []
    spoil(MODEL, b"WEIGHTS")
    spoil(place(md5(b"weights")), b"WEIGHTS")
    os.utime(MODEL, (1, 1))
    assert healed() == [str(MODEL)]
