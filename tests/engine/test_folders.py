"""One folder per class."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.config.annotation_section import AnnotationSource
from modelyard.data.annotations import Listing, read_annotations, read_listing
from modelyard.errors import UserError

from .annotated import config, touch, write_blanks


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("raw").mkdir()
    return Path("raw")


def listing(raw: Path, **keys: Any) -> Listing:
    return read_listing(AnnotationSource(annotation_type="folders", root=raw, **keys))


def found(result: Listing) -> list[tuple[str, str, str | None]]:
    return [(one.path, one.label, one.split) for one in result.examples()]


def test_the_folder_directly_below_names_the_class(raw: Path) -> None:
    touch(raw, "dog/a.JPG", "cat/b.png", "cat/deep/er/c.png")
    result = listing(raw)
    assert found(result) == [
        ("cat/b.png", "cat", None), ("cat/deep/er/c.png", "cat", None), ("dog/a.JPG", "dog", None),
    ]  # fmt: skip
    assert (result.entries, result.classes, result.bad) == (3, ["cat", "dog"], [])
    assert (result.notes, result.ignored) == ([], {})


def test_each_split_may_have_folders_of_its_own(raw: Path) -> None:
    touch(raw, "training/dog/a.png", "valid/dog/a.png", "valid/cat/b.png", "other/cat/c.png")
    result = listing(raw, images={"train": "training", "validation": "valid"})
    assert found(result) == [
        ("training/dog/a.png", "dog", "train"),
        ("valid/cat/b.png", "cat", "validation"),
        ("valid/dog/a.png", "dog", "validation"),
    ]


def test_folders_of_splits_are_not_classes(raw: Path) -> None:
    touch(raw, "train/dog/a.png", "Val/dog/b.png")
    with pytest.raises(UserError, match="the folders Val, train, which are splits, not classes"):
        listing(raw)


def test_names_may_be_mapped(raw: Path) -> None:
    touch(raw, "n01/a.png", "n02/b.png", "n03/c.png")
    result = listing(raw, class_names={"n01": "dog", "n02": "cat"})
    assert [(one.path, one.label) for one in result.examples()] == [
        ("n01/a.png", "dog"), ("n02/b.png", "cat"),
    ]  # fmt: skip
    assert result.classes == ["cat", "dog"]
    said = "class is 'n03', which data.class_names does not name (n01, n02)"
    assert [*map(tuple, result.bad)] == [("n03/c.png", said)]
    touch(raw, "0/a.png")
    assert listing(raw, class_names=["zero"]).images["0/a.png"].objects[0][1].label == "zero"


def test_what_is_no_image_is_counted_and_what_systems_leave_is_not(raw: Path) -> None:
    touch(raw, "dog/a.png", "dog/notes.TXT", "dog/b.txt", "README", "dog/Thumbs.db", ".DS_Store")
    touch(raw, "__MACOSX/dog/._a.png", "dog/.ipynb_checkpoints/a.png", ".hidden/a.png")
    result = listing(raw)
    assert found(result) == [("dog/a.png", "dog", None)]
    assert result.ignored == {".txt": 2, "no suffix": 1}
    assert result.classes == ["dog"]
    assert not result.bad


def test_an_empty_folder_is_a_class_that_is_named(raw: Path) -> None:
    touch(raw, "dog/a.png", "bird/list.txt")
    (raw / "cat").mkdir()
    result = listing(raw)
    assert result.classes == ["bird", "cat", "dog"]
    assert result.notes == ["raw: no image is in the folders of these classes: bird, cat."]


def test_images_without_a_class_and_links_are_bad(raw: Path) -> None:
    touch(raw, "a.png", "dog/a.png", "../other/cat/b.png")
    other = Path("other/cat").absolute()
    (raw / "cat").symlink_to(other)
    (raw / "dog/b.png").symlink_to(other / "b.png")
    (raw / "dog/c.png").symlink_to("a.png")
    result = listing(raw)
    assert [path for path, _, _ in found(result)] == ["dog/a.png", "dog/c.png"]
    assert result.entries == 5
    bad = dict(result.bad)
    assert bad["a.png"] == "it lies in no folder of a class; move it into one"
    assert "behind a link to" in bad["cat"]
    assert "behind a link to" in bad["dog/b.png"]
    (raw / "bird").symlink_to("dog")
    assert dict(listing(raw).bad)["bird"].startswith("it is a link to a folder, which is not foll")


def test_a_folder_without_images_is_refused(raw: Path) -> None:
    touch(raw, "dog/a.txt")
    with pytest.raises(UserError, match="raw has no image in any folder; put those of each class"):
        listing(raw)
    with pytest.raises(UserError, match="raw/photos is not a folder; correct data"):
        listing(raw, images="photos")
    with pytest.raises(UserError, match="nowhere is not a folder; correct data"):
        listing(Path("nowhere"))


def test_images_are_read_as_any_other_format_gives_them(raw: Path) -> None:
    write_blanks(raw / "dog")
    examples, result = read_annotations(config(raw, "image_classification", "folders"))
    assert [(one.path, one.label) for one in examples] == [
        ("dog/a.png", "dog"), ("dog/b.png", "dog"), ("dog/c.png", "dog"),
    ]  # fmt: skip
    assert not result.bad
