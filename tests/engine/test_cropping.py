"""Padded and cropped scenes: targets, truth and predictions agree on what is seen, and where."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.mask import decode

from modelyard.config.data_section import ImageData
from modelyard.data.annotations.masks import mask_pixels
from modelyard.data.manifest import read_manifest
from modelyard.data.preparing import prepare_data
from modelyard.data.view import view_of
from modelyard.tasks.objects import judge

RAW, PROCESSED = Path("raw"), Path("processed")
HEIGHT, WIDTH = 41, 95  # a model sees 32 x 32: of a crop the columns from 27 to 68
SEEN = (27, 68)
SPLITS = ("train", "validation", "test")
MIDDLE, LEFT, EDGE, SLIVER = (40, 5, 60, 30), (0, 0, 20, 20), (10, 10, 37, 31), (0, 0, 28, 41)
BOXES = {"middle": MIDDLE, "left": LEFT, "edge": EDGE, "sliver": SLIVER}


def write(boxes: Mapping[str, tuple[int, ...]], exif: int = 1) -> None:
    """Write one image for each split with the same objects, a class for each box."""
    (RAW).mkdir()
    names = sorted(BOXES)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    size = (HEIGHT, WIDTH) if exif == 1 else (WIDTH, HEIGHT)  # as it lies in the file
    for number, split in enumerate(SPLITS):
        pixels = np.random.default_rng(number).integers(0, 255, (*size, 3)).astype(np.uint8)
        orientation = Image.Exif()
        orientation[0x0112] = exif
        Image.fromarray(pixels).save(RAW / f"{split}.png", exif=orientation)
        images.append(
            {"id": number + 1, "file_name": f"{split}.png", "split": split,
             "width": WIDTH, "height": HEIGHT}
        )  # fmt: skip
        for name, (x1, y1, x2, y2) in boxes.items():
            corners = [x1, y1, x2, y1, x2, y2, x1, y2]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number + 1,
                 "category_id": names.index(name) + 1, "iscrowd": 0,
                 "bbox": [x1, y1, x2 - x1, y2 - y1], "segmentation": [corners]}
            )  # fmt: skip
    categories = [{"id": n + 1, "name": name} for n, name in enumerate(names)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (RAW / "labels.json").write_text(json.dumps(document))


def config(resize: str, task: str, **settings: Any) -> ImageData:
    document = {
        "task": task,
        "annotation_type": "coco",
        "root": str(RAW),
        "annotations": "labels.json",
        "processed": str(PROCESSED),
        "image_size": [32, 32],
        "channels": 3,
        "resize": resize,
        "splits": {"train": 0.6, "validation": 0.2, "test": 0.2},
        "seed": 1,
        **settings,
    }
    return ImageData.model_validate(document)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def perfect(split: str, task: str) -> np.ndarray:
    """Return what a model says that has learned a split by heart, as it says it."""
    boxes = np.load(PROCESSED / f"{split}_boxes.npy")
    scores = np.where(boxes[..., 4:] >= 0, np.float32(0.9), 0)
    found = [boxes[..., :4], scores, boxes[..., 4:]]
    if task == "instance_segmentation":
        masks = np.load(PROCESSED / f"{split}_masks.npy").astype(np.float32) / 255
        found.append(masks.reshape(*masks.shape[:2], -1))
    said: np.ndarray = np.concatenate(found, axis=-1)
    return said


def judged(split: str, task: str) -> dict[str, dict[str, float]]:
    """Return how a perfect model is judged by `evaluate`."""
    outputs = perfect(split, task)
    dataset = SimpleNamespace(take=lambda _: [(outputs, None)])
    data: Any = SimpleNamespace(
        config=SimpleNamespace(
            input_paths=SimpleNamespace(data=PROCESSED), params=SimpleNamespace(max_objects=50)
        ),
        input_shape=(32, 32, 3),
        in_order=lambda _: dataset,
    )
    model: Any = SimpleNamespace(predict_on_batch=lambda images: images)
    return judge(model, data, split)  # type: ignore[arg-type]


@pytest.mark.parametrize("exif", [1, 6])
@pytest.mark.parametrize("task", ["object_detection", "instance_segmentation"])
@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
def test_what_is_learned_by_heart_is_judged_as_perfect(resize: str, task: str, exif: int) -> None:
    write({"middle": MIDDLE, "edge": EDGE}, exif)
    prepare_data(config(resize, task, exif="apply"))
    for split in SPLITS:
        scores = judged(split, task)
        assert scores["box"]["map"] == pytest.approx(1)
        if task == "instance_segmentation":
            assert scores["mask"]["map_50"] == pytest.approx(1)
            assert scores["mask"]["map"] > 0.75  # a cell of a mask is up to six pixels wide


@pytest.mark.parametrize("task", ["object_detection", "instance_segmentation"])
def test_what_is_cut_away_is_neither_learned_nor_judged_but_counted(
    task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(BOXES)
    prepare_data(config("crop", task))
    assert "data.resize crop cuts 6 objects away, of which less than 10% is seen;" in (
        capsys.readouterr().err
    )
    truth = json.loads((PROCESSED / "test.json").read_text())
    left, right = SEEN
    boxes = {
        truth["categories"][one["category_id"] - 1]["name"]: one["bbox"]
        for one in truth["annotations"]
    }
    assert boxes == {"edge": [left, 10, 37 - left, 21], "middle": [40, 5, 20, 25]}
    manifest = read_manifest(PROCESSED)
    assert manifest.classes == ["edge", "middle"]
    assert manifest.counts["test"] == {"edge": 1, "middle": 1}
    learned = np.load(PROCESSED / "test_boxes.npy")[0]
    assert learned.shape == (2, 5)
    assert {tuple((row[[0, 2]] * (right - left)).round(4)) for row in learned} == {
        (40 - left, 60 - left),
        (0, 37 - left),
    }
    if task == "instance_segmentation":
        for one in truth["annotations"]:
            mask = decode(one["segmentation"]) if isinstance(one["segmentation"], dict) else None
            if mask is not None:
                assert mask.shape == (HEIGHT, WIDTH)
                assert mask.sum() == one["area"] == (37 - left) * 21


def test_an_image_of_which_all_objects_are_cut_away_is_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write({"middle": MIDDLE})
    document = json.loads((RAW / "labels.json").read_text())
    document["annotations"][1]["bbox"] = [0, 0, 20, 20]
    (RAW / "labels.json").write_text(json.dumps(document))
    prepare_data(config("crop", "object_detection"))
    assert "crop cuts 1 objects away" in capsys.readouterr().err
    assert np.load(PROCESSED / "validation_boxes.npy").tolist() == [[[-1] * 5]]


@pytest.mark.parametrize("resize", ["stretch", "pad"])
def test_nothing_is_cut_away_unless_cropped(
    resize: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(BOXES)
    prepare_data(config(resize, "instance_segmentation"))
    assert capsys.readouterr().err == ""
    raw = json.loads((RAW / "labels.json").read_text())
    truth = json.loads((PROCESSED / "test.json").read_text())
    wanted = [one["segmentation"] for one in raw["annotations"] if one["image_id"] == 3]
    assert [one["segmentation"] for one in truth["annotations"]] == wanted


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
def test_a_prepared_mask_lies_where_its_box_does(resize: Any) -> None:
    write({"middle": MIDDLE})
    prepare_data(config(resize, "instance_segmentation"))
    mask = np.load(PROCESSED / "train_masks.npy")[0, 0] / 255
    x1, y1, x2, y2 = view_of((HEIGHT, WIDTH), (32, 32), resize).shares(MIDDLE) * 16
    assert mask.sum() == pytest.approx(
        (x2 - x1) * (y2 - y1), rel=0.1
    )  # a pixel counts for one cell
    assert mask[round((y1 + y2) / 2), round((x1 + x2) / 2)] == 1
    rows, columns = np.nonzero(mask)
    assert (columns.min(), rows.min()) == (pytest.approx(x1, abs=1.1), pytest.approx(y1, abs=1.1))
    assert mask_pixels([[40, 5, 60, 5, 60, 30, 40, 30]], (HEIGHT, WIDTH)).sum() == 500
