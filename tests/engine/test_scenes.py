import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.mask import decode

from modelyard.config.data_section import SPLITS, ImageData
from modelyard.data.preparing import prepare_data
from modelyard.data.scenes import BRIGHTNESS, CONTRAST, SCENES, compose, pools, write_scenes
from modelyard.files import read_csv

FEW = 30
DIGITS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(folder)
    return folder


@pytest.fixture(scope="module")
def coco(scenes: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((scenes / "annotations.json").read_text())
    return document


def test_every_scene_is_a_colour_image_of_one_to_four_digits(
    scenes: Path, coco: dict[str, Any]
) -> None:
    assert len(coco["images"]) == SCENES == len(list((scenes / "images").iterdir()))
    for number, record in enumerate(coco["images"]):
        name = f"images/{number:05}.png"
        known = {"id": number + 1, "file_name": name, "width": 64, "height": 64}
        assert record == known | {"split": record["split"]}
        with Image.open(scenes / name) as image:
            assert (image.size, image.mode) == ((64, 64), "RGB")
    digits = np.bincount([one["image_id"] for one in coco["annotations"]], minlength=SCENES + 1)
    assert set(digits[1:]) == {1, 2, 3, 4}


def test_every_digit_is_well_represented(coco: dict[str, Any]) -> None:
    assert [one["name"] for one in coco["categories"]] == DIGITS
    counts = np.bincount([one["category_id"] for one in coco["annotations"]])[1:]
    assert len(counts) == len(DIGITS)
    assert counts.min() > 0.8 * counts.mean()


def test_no_digit_and_no_part_of_a_photograph_is_in_two_splits(coco: dict[str, Any]) -> None:
    digits: dict[str, set[int]] = {split: set() for split in SPLITS}
    scenes = Counter[str]()
    for scene, record in zip(compose(), coco["images"], strict=True):
        assert record["split"] == scene.split
        assert len(scene.digits) == len(scene.objects)
        digits[scene.split] |= set(scene.digits)
        scenes[scene.split] += 1
    assert scenes == {"train": 2800, "validation": 600, "test": 600}
    assert {split: len(found) for split, found in digits.items()} == {
        "train": 1259, "validation": 269, "test": 269,
    }  # fmt: skip
    assert len(set[int]().union(*digits.values())) == 1797  # all, and each once
    corners: dict[bytes, str] = {}
    for split, pool in pools(np.random.default_rng(0)).items():
        for part in pool.parts:
            assert corners.setdefault(part.tobytes(), split) == split


def test_prepare_keeps_the_scenes_of_a_pool_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proved on disk: every prepared image is one that was composed for its split."""
    monkeypatch.chdir(tmp_path)
    write_scenes(Path("raw"), count=FEW)
    composed = list(compose(FEW))
    prepare_data(_config())
    digits: dict[str, set[int]] = {}
    for split in SPLITS:
        images = np.load(f"processed/{split}_images.npy")
        own = [scene for scene in composed if scene.split == split]
        assert np.array_equal(images, [scene.pixels for scene in own])
        digits[split] = {digit for scene in own for digit in scene.digits}
    assert [len(digits[split]) for split in SPLITS] == [44, 11, 14]
    assert len(set[int]().union(*digits.values())) == 44 + 11 + 14


def test_three_scenes_have_one_of_each_split() -> None:
    assert [scene.split for scene in compose(3)] == ["train", "validation", "test"]


def test_boxes_are_the_bounds_of_masks_and_no_pixel_is_in_two(coco: dict[str, Any]) -> None:
    covered = np.zeros((SCENES + 1, 64, 64), int)
    for one in coco["annotations"]:
        mask = decode(one["segmentation"])
        covered[one["image_id"]] += mask
        rows, columns = np.nonzero(mask)
        x, y, width, height = one["bbox"]
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
        assert one["area"] == mask.sum() >= 30
        assert one["iscrowd"] == 0
    assert covered.max() == 1


def test_digits_stand_out_and_nothing_else_is_changed(scenes: Path, coco: dict[str, Any]) -> None:
    """What is beside a mask is the photograph: much nearer to it than the digit is."""
    differences = []
    for one in coco["annotations"][:200]:
        mask = decode(one["segmentation"]).astype(bool)
        with Image.open(scenes / f"images/{one['image_id'] - 1:05}.png") as image:
            light = np.asarray(image) @ BRIGHTNESS
        x, y, width, height = one["bbox"]
        around = np.zeros_like(mask)
        around[y : y + height, x : x + width] = True
        differences.append(abs(light[mask].mean() - light[around & ~mask].mean()))
    assert np.median(differences) > CONTRAST / 2


def test_the_same_scenes_are_written_again_byte_for_byte(scenes: Path, tmp_path: Path) -> None:
    for name in ("first", "again"):
        write_scenes(tmp_path / name, count=FEW)
    files = sorted(path.name for path in (tmp_path / "first/images").iterdir())
    assert len(files) == FEW
    for file in ["annotations.json", *(f"images/{name}" for name in files)]:
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "first" / file).read_bytes()
    for name in files:
        image = (tmp_path / "again/images" / name).read_bytes()
        assert image == (scenes / "images" / name).read_bytes()


def test_a_csv_holds_the_same_boxes(coco: dict[str, Any], tmp_path: Path) -> None:
    write_scenes(tmp_path / "csv", "csv", FEW)
    annotations = [one for one in coco["annotations"] if one["image_id"] <= FEW]
    rows = read_csv(tmp_path / "csv/annotations.csv")
    assert list(rows[0]) == ["path", "x1", "y1", "x2", "y2", "class", "split"]
    for row, one in zip(rows, annotations, strict=True):
        x, y, width, height = one["bbox"]
        assert row["path"] == f"images/{one['image_id'] - 1:05}.png"
        assert [int(row[key]) for key in ("x1", "y1", "x2", "y2")] == [x, y, x + width, y + height]
        assert row["class"] == DIGITS[one["category_id"] - 1]
        assert row["split"] == coco["images"][one["image_id"] - 1]["split"]


def _config() -> ImageData:
    document = {
        "task": "object_detection",
        "annotation_type": "coco",
        "root": "raw",
        "annotations": "annotations.json",
        "processed": "processed",
        "image_size": [64, 64],
        "channels": 3,
        "splits": {"train": 0.4, "validation": 0.3, "test": 0.3},
        "seed": 1,
    }
    return ImageData.model_validate(document)
