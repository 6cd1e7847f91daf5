from pathlib import Path
from typing import Any

import pytest

from modelyard.data.annotations import Listing, Object
from modelyard.errors import UserError

from .labelled import bad, boxes, listing, objects, write_images, write_texts

NAMES = ["cat", "black dog"]


def yolo(root: Path, **keys: Any) -> Listing:
    standard = {"images": "images", "annotations": "labels", "class_names": NAMES}
    return listing(root, "yolo", **(standard | keys))


def one_line(root: Path, line: str, **keys: Any) -> Listing:
    write_images(root, ["images/a.png"])
    write_texts(root, {"labels/a.txt": line})
    return yolo(root, **keys)


def test_a_file_belongs_to_the_image_of_its_path_and_stem(tmp_path: Path) -> None:
    write_images(tmp_path, ["images/a/é b.png", "images/a/c.d.jpg", "images/e.png"])
    write_texts(
        tmp_path,
        {
            "labels/a/é b.txt": "0 0.5 0.5 0.5 0.5\r\n\r\n1 0.25 0.25 0.1 0.1\r\n",
            "labels/a/c.d.txt": "\ufeff1 .5 .5 1 1",
        },
    )
    found = yolo(tmp_path)
    assert boxes(found) == {
        "images/a/c.d.jpg": [("black dog", (0, 0, 40, 20))],
        "images/a/é b.png": [("cat", (10, 5, 30, 15)), ("black dog", (8, 4, 12, 6))],
        "images/e.png": [],
    }
    assert found.images["images/a/é b.png"].objects[1][0] == "labels/a/é b.txt, line 3"
    assert (bad(found), found.entries) == ([], 6)
    assert found.classes == ["black dog", "cat"]


def test_polygons_and_oriented_boxes_are_masks_with_a_box_around_them(tmp_path: Path) -> None:
    found = one_line(tmp_path, "0 .1 .1 .5 .1 .5 .6\n1 .2 .1 .5 .3 .4 .6 .1 .4\n")
    assert objects(found)["images/a.png"] == [
        Object("cat", (4, 2, 20, 12), [[4, 2, 20, 2, 20, 12]]),
        Object("black dog", (4, 2, 20, 12), [[8, 2, 20, 6, 16, 12, 4, 8]]),
    ]


def test_the_rounding_of_shares_is_forgiven(tmp_path: Path) -> None:
    third = one_line(tmp_path, "0 0.50000001 0.5 1.000001 0.33333334")
    assert boxes(third)["images/a.png"] == [("cat", (0, 6.666667, 40, 13.333333))]


@pytest.mark.parametrize(
    ("line", "what"),
    {
        "0 320 240 20 10": "320 is not a share of the image from 0 to 1; it looks like pixels",
        "0 .5 .5 1.2 .1": "1.2 is not a share of the image from 0 to 1; mend it",
        "0 -.1 .5 .2 .1": "-.1 is not a share",
        "0 nan .5 .2 .1": "nan is not a share",
        "0 1_0 .5 .2 .1": "'1_0' is not a number",
        "0 a .5 .2 .1": "'a' is not a number",
        "cat .5 .5 .2 .1": "class is 'cat', expected a number: 0, 1, …",
        "-1 .5 .5 .2 .1": "class is '-1'",
        "2 .5 .5 .2 .1": "class is '2', which data.class_names does not name (0 to 1)",
        "0 .5 .5 .2": "it has 3 numbers behind the class; a box has 4, a polygon x and y",
        "0 .5 .5 .2 .1 .9": "the last is the confidence of a prediction",
        "0 .5 .5 .2 .1 .9 .1 .2": "it has 7 numbers behind the class",
        "0,.5,.5,.2,.1": "class is '0,.5,.5,.2,.1'",
    }.items(),
)
def test_a_bad_line_is_named_and_spoils_its_image(tmp_path: Path, line: str, what: str) -> None:
    found = one_line(tmp_path, f"\n{line}\n1 .5 .5 .5 .5\n")
    assert len(found.bad) == 1
    assert bad(found)[0].startswith("labels/a.txt, line 2: ")
    assert what in bad(found)[0]
    assert found.images["images/a.png"].spoiled
    assert [label for label, _ in boxes(found)["images/a.png"]] == ["black dog"]


def test_classes_need_names(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data\.class_names .* data\.yaml .* classes\.txt or obj"):
        one_line(tmp_path, "0 .5 .5 .5 .5", class_names=[])


def test_names_may_be_given_by_number(tmp_path: Path) -> None:
    found = one_line(tmp_path, "7.0 .5 .5 .5 .5", class_names={"7": "cat"})
    assert boxes(found)["images/a.png"] == [("cat", (10, 5, 30, 15))]


def test_files_without_an_image_are_bad_and_lists_are_not_labels(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.png"])
    texts = {"a.txt": "", "b.txt": "0 .5 .5 .5 .5", "classes.txt": "cat", "train.txt": "a.png"}
    write_texts(tmp_path, texts)
    found = yolo(tmp_path, images=".", annotations=".")
    assert bad(found) == ["b.txt: there is no image of its name"]
    assert list(found.images) == ["a.png"]


def test_two_images_of_one_stem_cannot_share_a_file(tmp_path: Path) -> None:
    write_images(tmp_path, ["images/a.jpg", "images/a.png"])
    write_texts(tmp_path, {"labels/a.txt": "0 .5 .5 .5 .5"})
    found = yolo(tmp_path)
    assert bad(found) == [
        "images/a.png: labels/a.txt is the labels of images/a.jpg too; rename one image"
    ]


def test_folders_by_split_belong_together(tmp_path: Path) -> None:
    write_images(tmp_path, ["train/images/a.png", "valid/images/a.png"])
    write_texts(
        tmp_path,
        {"train/labels/a.txt": "0 .5 .5 .5 .5", "valid/labels/a.txt": "1 .5 .5 .5 .5"},
    )
    places = {"train": "train/{}", "validation": "valid/{}"}
    found = yolo(
        tmp_path,
        images={split: path.format("images") for split, path in places.items()},
        annotations={split: path.format("labels") for split, path in places.items()},
    )
    assert {path: one.split for path, one in found.images.items()} == {
        "train/images/a.png": "train",
        "valid/images/a.png": "validation",
    }
    assert [label for ((label, _),) in boxes(found).values()] == NAMES
    assert bad(found) == []


def test_unreadable_files_are_bad(tmp_path: Path) -> None:
    write_images(tmp_path, ["images/a.png", "images/b.png", "images/c.png"])
    (tmp_path / "images/a.png").write_bytes(b"")
    write_texts(tmp_path, {"labels/a.txt": "0 .5 .5 .5 .5"})
    (tmp_path / "labels/b.txt").write_bytes(b"\xff\xfe0\0")
    outside = tmp_path.parent / "outside.txt"
    outside.write_text("0 .5 .5 .5 .5")
    (tmp_path / "labels/c.txt").symlink_to(outside)
    first, second, third = bad(yolo(tmp_path))
    assert first == "labels/a.txt: images/a.png cannot be read as an image"
    assert second == "labels/b.txt: it is not text in UTF-8"
    assert third.startswith("labels/c.txt: it is a link to ")


def test_folders_that_are_missing_empty_or_links_are_errors(tmp_path: Path) -> None:
    write_images(tmp_path, ["images/a.png"])
    with pytest.raises(UserError, match="labels does not exist"):
        yolo(tmp_path)
    (tmp_path / "labels").mkdir()
    with pytest.raises(UserError, match=r"labels has no \.txt file; correct data\.annotations or"):
        yolo(tmp_path)
    (tmp_path / "labels/s").symlink_to(tmp_path / "images")
    with pytest.raises(UserError, match="labels/s is a link to a folder, which is not followed"):
        yolo(tmp_path)


def test_an_image_of_nearly_the_same_name_is_named(tmp_path: Path) -> None:
    write_images(tmp_path, ["images/caf\u00e9.png"])
    write_texts(tmp_path, {"labels/Cafe\u0301.txt": "0 .5 .5 .5 .5"})
    assert bad(yolo(tmp_path)) == [
        "labels/Cafe\u0301.txt: there is no image of its name, but images/caf\u00e9.png: capitals "
        "or accents are written otherwise"
    ]
