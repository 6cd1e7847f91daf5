"""Arrays on disk: whatever their rows are, they come back, from one file or from shards."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.data.arrays import ArrayWriter
from modelyard.data.manifest import ArraySpec
from modelyard.data.rows import open_rows
from modelyard.errors import UserError

SPECS = {
    "image": ArraySpec(shape=(4, 3, 1), dtype="uint8"),
    "number": ArraySpec(shape=(), dtype="float32"),
    "text": ArraySpec(shape=(), dtype="string"),
    "categories": ArraySpec(shape=(2,), dtype="string"),
    "waves": ArraySpec(shape=(None, 2), dtype="int16"),
}
COUNT = 23


def examples(kind: str) -> list[Any]:
    random = np.random.default_rng(0)
    return {
        "image": list(random.integers(0, 256, (COUNT, 4, 3, 1), np.uint8)),
        "number": list(random.random(COUNT, np.float32)),
        "text": ["", *("é" * int(random.integers(0, 9)) for _ in range(COUNT - 1))],
        "categories": [[f"a{n}", "" if n % 3 else "ü"] for n in range(COUNT)],
        "waves": [random.integers(0, 9, (n % 5, 2)).astype(np.int16) for n in range(COUNT)],
    }[kind]


def write(folder: Path, kind: str, rows: list[Any], step: int) -> list[str]:
    """Write rows some at a time; return the names of the files."""
    folder.mkdir()
    with ArrayWriter(folder, "train", kind, SPECS[kind]) as writer:
        for start in range(0, len(rows), step):
            writer.append(rows[start : start + step])
    return sorted(file.name for file in folder.iterdir())


def as_read(kind: str, rows: list[Any]) -> list[Any]:
    """Return rows as they are read: texts are bytes."""
    if kind == "text":
        return [row.encode() for row in rows]
    if kind == "categories":
        return [[cell.encode() for cell in row] for row in rows]
    return rows


def same(found: Any, expected: list[Any]) -> bool:
    return len(found) == len(expected) and all(
        np.array_equal(one, other) for one, other in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("limit", [2**30, 40], ids=["one file", "shards"])
@pytest.mark.parametrize("kind", SPECS)
def test_rows_come_back_in_any_order_and_the_files_do_not_depend_on_how_they_were_written(
    kind: str, limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.data.arrays.SHARD_BYTES", limit)
    rows = examples(kind)
    names = write(tmp_path / "a", kind, rows, 5)
    assert write(tmp_path / "b", kind, rows, COUNT) == names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert np.load(tmp_path / "a" / name).nbytes <= limit
    several = [f"train_{kind}.00000.npy", f"train_{kind}.00001.npy"]
    assert (names[0] == f"train_{kind}.npy") == (limit > 40)
    assert (names[:2] == several) == (limit == 40)
    found, expected = open_rows(tmp_path / "a", "train", kind, SPECS[kind]), as_read(kind, rows)
    assert same(found[:], expected)
    order = np.random.default_rng(1).permutation(COUNT)
    assert same(found[order], [expected[at] for at in order])
    assert same(found[np.array([], np.int64)], [])


def test_a_small_array_is_the_file_that_numpy_saves(tmp_path: Path) -> None:
    rows = examples("image")
    write(tmp_path / "a", "image", rows, 5)
    np.save(tmp_path / "saved.npy", np.array(rows))
    assert (tmp_path / "a/train_image.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()


def test_a_missing_or_damaged_shard_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.data.arrays.SHARD_BYTES", 40)
    write(tmp_path / "a", "image", examples("image"), 5)
    (tmp_path / "a/train_image.00002.npy").unlink()
    with pytest.raises(UserError, match=r"train_image.npy is missing or damaged; run `dvc repro"):
        open_rows(tmp_path / "a", "train", "image", SPECS["image"])
    (tmp_path / "a/train_image.00002.npy").write_bytes(b"torn")
    with pytest.raises(UserError, match="missing or damaged"):
        open_rows(tmp_path / "a", "train", "image", SPECS["image"])


@pytest.mark.parametrize(
    ("kind", "row"), [("image", np.zeros((4, 3))), ("categories", ["a"]), ("waves", np.zeros(2))]
)
def test_a_row_of_another_shape_is_refused(kind: str, row: Any, tmp_path: Path) -> None:
    with (
        ArrayWriter(tmp_path, "train", kind, SPECS[kind]) as writer,
        pytest.raises(UserError, match=f"train_{kind}: an example has .*shape"),
    ):
        writer.append([row])
