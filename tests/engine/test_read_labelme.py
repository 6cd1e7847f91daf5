import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelyard.data.annotations import Listing, Object
from modelyard.data.annotations.masks import mask_pixels, mask_problem

from .labelled import bad, boxes, listing, objects, write_images, write_texts

SQUARE = [[2, 3], [10, 3], [10, 8], [2, 8]]


def shape(kind: str | None, points: Any, label: str = "cat", **keys: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "shape_type": kind} | keys


def document(*shapes: Any, path: str = "a.png", **keys: Any) -> str:
    standard = {"imagePath": path, "imageHeight": 20, "imageWidth": 40, "imageData": None}
    return json.dumps({"version": "5.5.0", "flags": {}, "shapes": shapes} | standard | keys)


def png(pixels: Any) -> str:
    stream = io.BytesIO()
    Image.fromarray(np.array(pixels, np.uint8) * 255).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def one_file(root: Path, text: str) -> Listing:
    write_images(root, ["a.png"])
    write_texts(root, {"a.json": text})
    return listing(root, "labelme")


def test_rectangles_are_boxes_and_polygons_masks(tmp_path: Path) -> None:
    found = one_file(
        tmp_path,
        document(
            shape("rectangle", [[10.5, 8], [2, 3.25]], label=' "é" '),
            shape("polygon", SQUARE),
            shape(None, SQUARE[:3]),
            shape("rectangle", SQUARE),
        ),
    )
    assert objects(found)["a.png"] == [
        Object('"é"', (2, 3.25, 10.5, 8)),
        Object("cat", (2, 3, 10, 8), [[2, 3, 10, 3, 10, 8, 2, 8]]),
        Object("cat", (2, 3, 10, 8), [[2, 3, 10, 3, 10, 8]]),
        Object("cat", (2, 3, 10, 8)),
    ]
    assert found.images["a.png"].size == (20, 40)
    assert (bad(found), found.entries) == ([], 5)


def test_a_circle_is_a_polygon_of_the_same_box_and_area(tmp_path: Path) -> None:
    found = one_file(tmp_path, document(shape("circle", [[20, 10], [20, 15]])))
    (one,) = objects(found)["a.png"]
    assert one.box == (15, 5, 25, 15)
    assert mask_problem(one.mask, (20, 40)) == ""
    assert abs(int(mask_pixels(one.mask, (20, 40)).sum()) - 3.14 * 25) < 4


def test_polygons_of_a_group_are_one_object(tmp_path: Path) -> None:
    other = [[20, 10], [30, 10], [30, 15]]
    found = one_file(
        tmp_path,
        document(
            shape("polygon", SQUARE, group_id=1),
            shape("polygon", SQUARE, group_id=None),
            shape("polygon", other, group_id=1),
            shape("polygon", other, group_id=1, label="dog"),
        ),
    )
    first, second, third = objects(found)["a.png"]
    assert first.mask == [[2, 3, 10, 3, 10, 8, 2, 8], [20, 10, 30, 10, 30, 15]]
    assert (first.box, second.box) == ((2, 3, 30, 15), (2, 3, 10, 8))
    assert third.label == "dog"
    assert found.entries == 5


def test_a_mask_is_read_pixel_by_pixel(tmp_path: Path) -> None:
    found = one_file(
        tmp_path,
        document(shape("mask", [[3.0, 5.0], [5, 6]], mask=png([[0, 1, 1], [0, 0, 1]]))),
    )
    (one,) = objects(found)["a.png"]
    assert one.box == (4, 5, 6, 7)
    assert mask_problem(one.mask, (20, 40)) == ""
    rows, columns = np.nonzero(mask_pixels(one.mask, (20, 40)))
    covered = sorted(zip(rows.tolist(), columns.tolist(), strict=True))
    assert covered == [(5, 4), (5, 5), (6, 5)]


@pytest.mark.parametrize(
    ("one", "what"),
    [
        (shape("point", [[1, 2]]), "it is a point, which is not read; draw a rectangle"),
        (shape("line", [[1, 2], [3, 4]]), "it is a line, "),
        (shape("linestrip", SQUARE), "it is a linestrip, "),
        (shape("rectangle", [[1, 2]]), "it is a rectangle of 1 points; two opposite corners"),
        (shape("rectangle", [[1, 2], [5, 3], [4, 9], [0, 8]]), "it is a rectangle of 4 points"),
        (shape("circle", [[1, 2]]), "it is a circle of 1 points; centre and edge are needed"),
        (shape("polygon", SQUARE[:2]), "it is a polygon of 2 points; three are needed"),
        (shape("polygon", [["1", 2]] * 3), "its points are not a list of x, y in pixels"),
        (shape("polygon", [[float("nan"), 2]] * 3), "its points are not a list of x, y"),
        (shape("polygon", None), "its points are not a list of x, y in pixels"),
        (shape("polygon", SQUARE, label=" "), "it has no label"),
        (shape("mask", [[1, 1], [2, 2]], mask="?"), "it is a mask that is not a PNG in base64"),
        (shape("mask", [[1, 1], [2, 2]]), "it is a mask that is not a PNG in base64"),
        (shape("mask", [[1, 1], [2, 2]], mask=png([[1]])), "of 1 x 1 pixels, but its points say"),
        (shape("mask", [[1, 1], [1, 1]], mask=png([[0]])), "it is a mask that covers nothing"),
        (shape("mask", [[39, 1], [40, 1]], mask=png([[1, 1]])), "reaches over the edge"),
        ("cat", "it is not a mapping with label and points"),
    ],
)
def test_a_bad_shape_is_named_and_spoils_its_image(tmp_path: Path, one: Any, what: str) -> None:
    found = one_file(tmp_path, document(shape("polygon", SQUARE), one))
    assert len(found.bad) == 1
    assert bad(found)[0].startswith("a.json, shape 2: ")
    assert what in bad(found)[0]
    assert found.images["a.png"].spoiled


@pytest.mark.parametrize(
    ("text", "what"),
    {
        "{": "a.json: it is not JSON in UTF-8: ",
        '{"images": []}': "a.json: it has no list `shapes`, as LabelMe's files have",
        document(imageHeight="high"): "a.json: imageWidth, imageHeight are 40, 'high', not pixels",
    }.items(),
)
def test_a_bad_file_is_named_once(tmp_path: Path, text: str, what: str) -> None:
    found = one_file(tmp_path, text)
    assert len(found.bad) == 1
    assert what in bad(found)[0]


@pytest.mark.parametrize("path", ["../images/a b.png", "..\\images\\a b.png"])
def test_the_image_is_found_relative_to_its_file(tmp_path: Path, path: str) -> None:
    write_images(tmp_path, ["images/a b.png"])
    write_texts(tmp_path, {"json/a.json": document(shape("rectangle", SQUARE[::2]), path=path)})
    found = listing(tmp_path, "labelme", images="images", annotations="json")
    assert boxes(found) == {"images/a b.png": [("cat", (2, 3, 10, 8))]}
    assert bad(found) == []


@pytest.mark.parametrize("path", ["b.png", "../somewhere/b.png", "C:\\data\\b.png", "/x/b.png"])
def test_an_image_that_moved_is_found_by_its_name_in_the_mirrored_folder(
    tmp_path: Path, path: str
) -> None:
    write_images(tmp_path, ["train/s/b.png", "test/s/b.png"])
    write_texts(tmp_path, {"json/t/s/b.json": document(path=path)})
    found = listing(
        tmp_path,
        "labelme",
        images={"train": "train", "test": "test"},
        annotations={"test": "json/t"},
    )
    assert [(name, one.split) for name, one in found.images.items()] == [("test/s/b.png", "test")]
    assert [one.where for one in found.bad] == ["train/s/b.png"]


def test_nothing_outside_root_is_read(tmp_path: Path) -> None:
    write_images(tmp_path, ["out.png", "root/a.png"])
    write_texts(tmp_path, {"root/a.json": document(path="../out.png")})
    (only,) = bad(listing(tmp_path / "root", "labelme"))
    assert only.startswith("a.json: ../out.png leaves ")


def test_images_without_a_file_are_bad(tmp_path: Path) -> None:
    write_images(tmp_path, ["b.png"])
    assert bad(one_file(tmp_path, document())) == [
        "b.png: the image has no .json file of its name; write one without objects if nothing is "
        "to be seen"
    ]


def test_an_image_that_is_only_in_the_file_is_named(tmp_path: Path) -> None:
    write_images(tmp_path, ["b.png"])
    write_texts(tmp_path, {"a.json": document(imageData="iVBORw0KGgo="), "b.json": document()})
    first, second = bad(listing(tmp_path, "labelme"))
    assert "it lies in the file itself (imageData) only" in first
    assert first.endswith("export it as a.png")
    assert second.startswith("b.json: a.png is not in ")


def test_flags_are_classes_where_no_file_has_a_shape(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{name}.png" for name in "abcd"])
    flags = [{"cat": True, "dog": False}, {"dog": True}, {"cat": True, "dog": True}, {"cat": False}]
    write_texts(
        tmp_path,
        {
            f"{name}.json": document(path=f"{name}.png", flags=flag)
            for name, flag in zip("abcd", flags, strict=True)
        },
    )
    found = listing(tmp_path, "labelme")
    assert boxes(found) == {
        "a.png": [("cat", None)],
        "b.png": [("dog", None)],
        "c.png": [],
        "d.png": [],
    }
    assert bad(found) == ["c.json: 2 flags are true, cat, dog; one is needed"]
    write_texts(tmp_path, {"d.json": document(shape("polygon", SQUARE), path="d.png")})
    assert [len(one) for one in boxes(listing(tmp_path, "labelme")).values()] == [0, 0, 0, 1]
