"""What each task learns from the formats with a file per image, and from VIA's."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.data_section import ImageData
from modelyard.data.annotations import Example, Listing, Object, read_annotations

from .labelled import bad, write_images, write_texts

POINTS = [[2, 3], [10, 3], [10, 8], [2, 8]]
FLAT = [[2, 3, 10, 3, 10, 8, 2, 8]]
BOX = (2, 3, 10, 8)


@pytest.fixture(autouse=True)
def _images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_images(Path("data"), ["images/a.png", "images/b.png"])


def learned(task: str, kind: str, **keys: Any) -> tuple[list[Example], Listing]:
    document = {
        "task": task,
        "annotation_type": kind,
        "root": "data",
        "images": "images",
        "annotations": "labels",
        "processed": "processed",
        "image_size": [8, 8],
        "channels": 1,
        "splits": {"train": 0.6, "validation": 0.2, "test": 0.2},
        "seed": 1,
    }
    return read_annotations(ImageData.model_validate(document | keys))


def voc(*objects: str, width: int = 40) -> str:
    size = f"<size><width>{width}</width><height>20</height></size>"
    return f"<annotation>{size}{''.join(objects)}</annotation>"


def thing(more: str = "") -> str:
    box = "<xmin>3</xmin><ymin>4</ymin><xmax>10</xmax><ymax>8</ymax>"
    return f"<object><name>cat</name>{more}<bndbox>{box}</bndbox></object>"


def labelme(kind: str, points: Any, width: int = 40, name: str = "a") -> str:
    shape = {"label": "cat", "shape_type": kind, "points": points}
    sizes = {"imageWidth": width, "imageHeight": 20}
    return json.dumps({"shapes": [shape], "imagePath": f"../images/{name}.png"} | sizes)


def test_yolo_gives_boxes_and_masks() -> None:
    lines = "0 .15 .275 .2 .25\n1 .05 .15 .25 .15 .25 .4 .05 .4\n"
    write_texts(Path("data/labels"), {"a.txt": lines})
    examples, found = learned("object_detection", "yolo", class_names=["cat", "dog"])
    assert [one.objects for one in examples] == [(Object("cat", BOX), Object("dog", BOX)), ()]
    assert bad(found) == []
    examples, found = learned("instance_segmentation", "yolo", class_names=["cat", "dog"])
    assert [one.objects for one in examples] == [(Object("dog", BOX, FLAT),), ()]
    assert bad(found) == ["labels/a.txt, line 1: the mask of an object of class cat is missing"]


def test_difficult_objects_of_voc_are_crowds_and_sizes_are_checked() -> None:
    difficult = thing("<difficult>1</difficult>").replace("<xmax>10", "<xmax>12")
    texts = {"a.xml": voc(thing(), difficult), "b.xml": voc(thing(), width=41)}
    write_texts(Path("data/labels"), texts)
    (example,), found = learned("object_detection", "voc")
    assert [one.crowd for one in example.objects] == [False, True]
    assert bad(found) == ["labels/b.xml: data/images/b.png is 40 x 20 pixels, not 41 x 20"]
    examples, _ = learned("image_classification", "voc")
    assert [one.label for one in examples] == ["cat", "cat"]


@pytest.mark.parametrize(("kind", "points"), [("polygon", POINTS), ("rectangle", POINTS[::2])])
def test_labelme_gives_boxes_and_where_there_are_some_masks(kind: str, points: Any) -> None:
    texts = {"a.json": labelme(kind, points), "b.json": labelme(kind, points, 41, "b")}
    write_texts(Path("data/labels"), texts)
    (example,), found = learned("object_detection", "labelme")
    assert example.objects == (Object("cat", BOX),)
    assert bad(found) == ["labels/b.json: data/images/b.png is 40 x 20 pixels, not 41 x 20"]
    if kind == "polygon":
        (example,), _ = learned("instance_segmentation", "labelme")
        assert example.objects == (Object("cat", BOX, FLAT),)


def test_flags_of_labelme_and_attributes_of_via_are_classes() -> None:
    texts = {
        f"{name}.json": json.dumps(
            {"shapes": [], "imagePath": f"../images/{name}.png", "flags": {label: True}}
        )
        for name, label in (("a", "cat"), ("b", "dog"))
    }
    write_texts(Path("data/labels"), texts)
    via = {
        name: {"filename": f"{name}.png", "regions": [], "file_attributes": {"kind": label}}
        for name, label in (("a", "cat"), ("b", "dog"))
    }
    write_texts(Path("data"), {"via.json": json.dumps(via)})
    for kind, file in (("labelme", "labels"), ("via", "via.json")):
        examples, _ = learned("image_classification", kind, annotations=file)
        assert {one.path: one.label for one in examples} == {
            "images/a.png": "cat",
            "images/b.png": "dog",
        }


def test_an_image_that_via_names_and_that_is_missing_is_bad_once() -> None:
    region = {
        "shape_attributes": {"name": "rect", "x": 2, "y": 3, "width": 8, "height": 5},
        "region_attributes": {"kind": "cat"},
    }
    document = {name: {"filename": f"{name}.png", "regions": [region]} for name in ("a", "z")}
    write_texts(Path("data"), {"via.json": json.dumps(document)})
    (example,), found = learned("object_detection", "via", annotations="via.json")
    assert example.objects == (Object("cat", BOX),)
    (only,) = bad(found)
    assert only == "image z.png: z.png is not in data/images"
