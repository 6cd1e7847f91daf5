"""Files that list the images of each split."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.config.annotation_section import AnnotationSource
from modelyard.data.annotations import Listing, read_listing
from modelyard.errors import UserError

LISTS = {"train": "train.txt", "test": "lists/test.txt"}


def listing(root: Path, train: str, test: str, **keys: Any) -> Listing:
    (root / "lists").mkdir(exist_ok=True)
    (root / "train.txt").write_text(train)
    (root / "lists/test.txt").write_text(test)
    if not (root / "labels").exists():
        (root / "labels").write_text("path,class\na.png,dog\nb.png,cat\nc.png,dog\n")
    source: dict[str, Any] = {"annotation_type": "csv", "root": root, "annotations": "labels"}
    return read_listing(AnnotationSource(**source, **({"split_lists": LISTS} | keys)))


def splits(result: Listing) -> list[tuple[str, str | None]]:
    return [(one.path, one.split) for one in result.examples()]


@pytest.mark.parametrize("train", ["a.png\nc.png\n", "./a.png\r\n\r\n  c.png", "a\nx/../c\n\n"])
def test_images_have_the_split_of_the_list_that_names_them(train: str, root: Path) -> None:
    result = listing(root, train, "b.png\n")
    assert splits(result) == [("a.png", "train"), ("b.png", "test"), ("c.png", "train")]
    assert not result.bad
    assert not result.notes


def test_images_in_no_list_are_left_out_and_counted(root: Path) -> None:
    result = listing(root, "a.png\n", "")
    assert splits(result) == [("a.png", "train")]
    said = "raw/labels: images in none of train.txt, lists/test.txt are left out: 2, first b.png"
    assert result.notes == [said + ", c.png."]


def test_an_image_of_two_lists_is_left_out_as_bad(root: Path) -> None:
    result = listing(root, "a.png\nb.png\n", "c.png\n\n./a.png\n")
    assert splits(result) == [("b.png", "train"), ("c.png", "test")]
    said = "a.png is in train, too, by train.txt, line 1"
    assert [*map(tuple, result.bad)] == [("lists/test.txt, line 3", said)]
    assert not result.notes


def test_an_image_whose_annotations_name_another_split_is_too(root: Path) -> None:
    (root / "labels").write_text("path,class,split\na.png,dog,test\nb.png,cat,train\nc.png,dog,\n")
    result = listing(root, "a.png\nb.png\nc.png\n", "")
    assert splits(result) == [("b.png", "train"), ("c.png", "train")]
    said = "a.png is in test, too, by line 2"
    assert [*map(tuple, result.bad)] == [("train.txt, line 1", said)]


def test_a_line_that_names_no_annotated_image_is_bad(root: Path) -> None:
    (root / "d.png").write_bytes(b"")
    result = listing(root, "a.png\nz.png\nd.png\n../a.png\n", "b\nc\n")
    assert [*map(tuple, result.bad)] == [
        ("train.txt, line 2", "z.png is not in raw"),
        ("train.txt, line 3", "d.png has no annotation"),
        ("train.txt, line 4", "../a.png leaves raw; all images must lie inside data.root"),
    ]
    assert result.entries == 3 + 6


def test_lists_without_an_image_or_a_file_are_refused(root: Path) -> None:
    with pytest.raises(UserError, match=r"none of its images is in train\.txt, lists/test\.txt;"):
        listing(root, "\n", "")
    with pytest.raises(UserError, match=r"raw/no\.txt does not exist"):
        listing(root, "", "", split_lists={"train": "no.txt"})


def test_lists_and_folders_of_splits_must_agree(root: Path) -> None:
    (root / "train").mkdir()
    (root / "a.png").rename(root / "train/a.png")
    (root / "valid").mkdir()
    (root / "b.png").rename(root / "valid/b.png")
    folders = {"train": "train", "test": "valid"}
    result = listing(root, "a.png\nb.png\n", "b.png\n", images=folders)
    assert splits(result) == [("train/a.png", "train"), ("valid/b.png", "test")]
    assert result.bad[0].what.startswith("b.png is not in raw/train")
