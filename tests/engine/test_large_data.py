"""Images that fill several files: written once, gone on with after a kill, and the same data."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modelyard.data import decoding, images, seen
from modelyard.data.image_preparing import prepare_data
from modelyard.data.manifest import read_manifest
from modelyard.data.rows import open_rows
from modelyard.errors import UserError

from .noise import HEIGHT, PROCESSED, RAW, WIDTH, settings, write_classes

PER_SHARD = 5
KILLED = """
import os
from modelyard.data import arrays, seen
from modelyard.data.image_preparing import prepare_data
from engine.noise import settings
arrays.SHARD_BYTES = {bytes}
decode_to, files = seen.Decoder.decode_to, []
def killed(self, file, examples):
    if len(files) == 2:
        file.write_bytes(b"half")
        os.kill(os.getpid(), 9)
    files.append(file)
    return decode_to(self, file, examples)
seen.Decoder.decode_to = killed
prepare_data(settings())
"""


@pytest.fixture(autouse=True)
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths of images below the working directory that fill six files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("modelyard.data.arrays.SHARD_BYTES", PER_SHARD * WIDTH * HEIGHT)
    return write_classes({"cat": 15, "dog": 15})


@pytest.fixture(name="read")
def _read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each image is read."""
    read = Counter[str]()
    read_picture = images.read_picture

    def counting(path: Path, *rest: object) -> object:
        read[path.name] += 1
        return read_picture(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(seen, "read_picture", counting)
    return read


def prepared() -> dict[str, np.ndarray]:
    """Return the images of each split."""
    manifest = read_manifest(PROCESSED)
    return {
        split: open_rows(PROCESSED, split, "images", manifest.inputs["images"])[:]
        for split in manifest.examples
    }


def in_one_file(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Return the images of each split as they are where each fills one file."""
    with monkeypatch.context() as patch:
        patch.setattr("modelyard.data.arrays.SHARD_BYTES", 2**30)
        prepare_data(settings(max_duplicate_share=1.0))
        return {split: np.load(PROCESSED / f"{split}_images.npy") for split in prepared()}


def same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(found[split], images) for split, images in expected.items())


def nothing_is_left() -> bool:
    return sorted(file.name for file in PROCESSED.parent.iterdir()) == [PROCESSED.name]


def test_images_of_several_files_are_those_of_one_and_written_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = in_one_file(monkeypatch)
    monkeypatch.setattr(decoding, "ArrayWriter", None)  # which copies
    assert prepare_data(settings()) == {"train": 18, "validation": 6, "test": 6}
    shards = [f"train_images.{number:05}.npy" for number in range(4)]
    assert sorted(file.name for file in PROCESSED.glob("train_*.npy")) == [
        *shards,
        "train_labels.npy",
    ]
    assert np.load(PROCESSED / shards[3]).shape == (3, HEIGHT, WIDTH, 1)
    assert set(shards) < set(read_manifest(PROCESSED).files)
    assert same(prepared(), expected)
    assert nothing_is_left()


def test_equal_files_do_not_make_images_be_copied(
    paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(RAW / paths[0], RAW / paths[7])
    expected = in_one_file(monkeypatch)
    monkeypatch.setattr(decoding, "ArrayWriter", None)
    prepare_data(settings())
    assert same(prepared(), expected)


def test_images_that_turn_out_equal_or_bad_are_divided_as_ever(
    paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Image.open(RAW / paths[0]) as image:
        image.save(RAW / paths[7], compress_level=0)
    (RAW / paths[9]).write_bytes(b"no image")
    keys = {"max_bad_share": 0.1, "max_duplicate_share": 1.0}
    with monkeypatch.context() as patch:
        patch.setattr("modelyard.data.arrays.SHARD_BYTES", 2**30)
        counts = prepare_data(settings(**keys))
        expected = prepared()
    assert prepare_data(settings(**keys)) == counts
    assert sum(counts.values()) == 29
    assert len(list(PROCESSED.glob("train_images.*.npy"))) == 4
    assert same(prepared(), expected)
    assert not list(PROCESSED.parent.glob(".partial-*"))


def test_a_killed_run_is_gone_on_with(
    read: Counter[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = in_one_file(monkeypatch)
    shutil.rmtree(PROCESSED)
    read.clear()
    script = KILLED.format(bytes=PER_SHARD * WIDTH * HEIGHT)
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert done.returncode == -9
    assert not PROCESSED.exists()
    prepare_data(settings())
    assert "note: 10 of 30 images were decoded by a run that was" in capsys.readouterr().err
    assert len(read) == 20
    assert same(prepared(), expected)
    assert nothing_is_left()


@pytest.mark.parametrize("damage", ["torn", "another image"])
def test_a_part_that_is_damaged_or_of_other_images_is_decoded_anew(
    damage: str, paths: list[str], read: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("modelyard.data.image_preparing.judge_left_out", interrupt)
        with pytest.raises(KeyboardInterrupt):
            prepare_data(settings())
    read.clear()
    (kept,) = PROCESSED.parent.glob(".partial-*")
    if damage == "torn":
        (file,) = kept.glob("train_images.00001.npy")
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    else:
        Image.new("L", (WIDTH, HEIGHT)).save(RAW / paths[3])
    prepare_data(settings())
    assert len(read) == (PER_SHARD if damage == "torn" else 30)
    found = prepared()
    assert nothing_is_left()
    assert same(found, in_one_file(monkeypatch))


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_disk_that_is_too_small_is_named_before_anything_is_decoded(
    read: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 5999))
    with pytest.raises(UserError, match=r"data/processed/noise: the prepared images take 0.0 GB"):
        prepare_data(settings())
    assert not read
    assert not list(PROCESSED.parent.iterdir())
