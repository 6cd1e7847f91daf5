"""Annotations may name each image's split: it is kept, from any format, on the way to any other."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.annotation_section import AnnotationSource
from modelyard.data.annotations import Object, read_listing
from modelyard.data.annotations.listing import Example
from modelyard.data.convert import convert
from modelyard.data.preparing import prepare_data
from modelyard.errors import UserError

from .annotated import NAMES, annotation, coco, config, image, read
from .noise import write_noise

SPLITS = ("test", "train", "validation")
CSV = "path,x1,y1,x2,y2,class,split\na.png,1,2,3,4,dog,test\na.png,2,2,3,4,cat,test\n"
CSV += "b.png,1,2,4,6,dog,train\nb.png,1,2,4,6,cat,train\nc.png,,,,,,validation\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_noise(Path("data"), NAMES)
    return Path("data")


def listed(root: Path, file: str) -> dict[str, Any]:
    source = AnnotationSource(annotation_type="coco", root=root, annotations=file)
    return {path: one.split for path, one in read_listing(source).images.items()}


def images(splits: tuple[object, ...] = SPLITS) -> list[dict[str, Any]]:
    return [
        image(number, name, split=split)
        for number, (name, split) in enumerate(zip(NAMES, splits, strict=True))
    ]


def prepared(root: Path, text: str, task: str = "object_detection") -> dict[str, list[str]]:
    """Prepare a CSV; return the paths of each split."""
    (root / "labels").write_text(text)
    settings = config(root, task, "csv")
    counts = prepare_data(settings)
    found = {}
    for split, count in counts.items():
        names = json.loads((settings.processed / f"{split}.json").read_text())["images"]
        found[str(split)] = [one["file_name"] for one in names]
        assert len(names) == count
    return found


def test_coco_names_the_split_of_an_image_by_a_key(root: Path) -> None:
    examples, bad = coco(root, [annotation(1, 0)], images())
    assert [example.split for example in examples] == list(SPLITS)
    assert examples[0] == Example("a.png", (Object("dog", (1, 2, 4, 6)),), "test")
    assert not bad


def test_a_csv_names_it_in_a_last_column(root: Path) -> None:
    (root / "labels").write_text(CSV)
    examples, _ = read(config(root, "object_detection", "csv"))
    assert [(example.path, example.split) for example in examples] == list(
        zip(NAMES, SPLITS, strict=True)
    )
    assert [one.label for one in examples[0].objects] == ["dog", "cat"]
    (root / "labels").write_text("path,class,split\na.png,dog,train\nb.png,cat,test\n")
    examples, _ = read(config(root, "image_classification", "csv"))
    assert [(example.label, example.split) for example in examples] == [
        ("dog", "train"), ("cat", "test"),
    ]  # fmt: skip


def test_prepare_keeps_it_and_says_that_shares_are_not_used(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepared(root, CSV) == {
        "train": ["b.png"], "validation": ["c.png"], "test": ["a.png"],
    }  # fmt: skip
    said = f"{root}/labels names the split of each image; data.splits in config.yaml is not used."
    assert capsys.readouterr().out.strip() == said


def test_a_file_without_it_is_split_by_the_shares_and_nothing_is_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (f"{name},1,2,3,4,dog\n" for name in NAMES)
    found = prepared(root, "path,x1,y1,x2,y2,class\n" + "".join(rows))
    assert sorted(map(len, found.values())) == [1, 1, 1]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("task", ["object_detection", "image_classification"])
def test_converting_there_and_back_keeps_it(task: str, root: Path) -> None:
    text = CSV
    if task == "image_classification":
        text = "path,class,split\na.png,dog,test\nb.png,cat,train\nc.png,cat,validation\n"
    (root / "source.csv").write_text(text)
    convert(root / "source.csv", root / "there.json")
    assert listed(root, "there.json") == dict(zip(NAMES, SPLITS, strict=True))
    convert(root / "there.json", root / "back.csv")
    assert (root / "back.csv").read_text() == text


def test_converting_keeps_also_that_some_have_none(root: Path) -> None:
    (root / "source.csv").write_text("path,class,split\na.png,dog,test\nb.png,cat,\n")
    convert(root / "source.csv", root / "there.json")
    assert [*listed(root, "there.json").values()] == ["test", None]
    convert(root / "there.json", root / "back.csv")
    assert (root / "back.csv").read_text() == (root / "source.csv").read_text()


@pytest.mark.parametrize("split", ["fold3", 3, ["train"], True])
def test_an_unknown_split_is_refused_or_its_image_left_out_and_named(
    split: object, root: Path
) -> None:
    listed = images(("train", split, "test"))
    said = f"{root}/labels, image 1: split is {split!r}, expected train, validation, test; mend or"
    with pytest.raises(UserError) as error:
        coco(root, [annotation(1, 0)], listed)
    assert str(error.value).startswith(said)
    examples, bad = coco(root, [annotation(1, 0)], listed, bad=0.5)
    assert [example.path for example in examples] == ["a.png", "c.png"]
    assert bad == [str(error.value)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.png,1,2,3,4,dog,v\n", "line 2: split is 'v', expected train, validation, test;"),
        ("a.png,1,2,3,4,dog\n", "line 2: 6 cells, expected path,x1,y1,x2,y2,class,split;"),
        (
            "a.png,1,2,3,4,dog,train\na.png,1,2,3,4,dog,test\n",
            "line 3: split is 'test', but 'train' for a.png on line 2;",
        ),
        (
            "a.png,1,2,3,4,dog,train\na.png,1,2,3,4,dog,\n",
            "line 3: split is '', but 'train' for a.png on line 2;",
        ),
    ],
)
def test_a_bad_row_of_a_csv_is_named(text: str, said: str, root: Path) -> None:
    with pytest.raises(UserError) as error:
        prepared(root, "path,x1,y1,x2,y2,class,split\n" + text)
    assert str(error.value).startswith(f"{root}/labels, {said}")


@pytest.mark.parametrize(
    ("splits", "said"),
    [
        (("train", "validation", ""), "names no split for 1 of 3 images, first c.png; name one"),
        (("test", "test", "test"), "names splits, and no usable image is in train; put some"),
        (("test", "test", "validation"), "names splits, and no usable image is in train; put some"),
        (
            ("test", "train", "validation"),
            "names splits, and 1 classes are not in train, first dog; move images of each there",
        ),
    ],
)
def test_what_no_training_could_use_is_refused(
    splits: tuple[str, ...], said: str, root: Path
) -> None:
    classes = ("dog", "cat", "cat")
    rows = (
        f"{name},1,2,3,4,{label},{split}\n"
        for name, label, split in zip(NAMES, classes, splits, strict=True)
    )
    with pytest.raises(UserError) as error:
        prepared(root, "path,x1,y1,x2,y2,class,split\n" + "".join(rows))
    assert str(error.value).startswith(f"{root}/labels {said}")
    assert not (Path("elsewhere")).exists()


@pytest.mark.parametrize(
    "spelt",
    [("Testing", "TRAIN", "val"), ("TEST", "training", "dev"), (" test ", "Train", "Valid")],
)
def test_splits_are_understood_as_people_spell_them(spelt: tuple[str, ...], root: Path) -> None:
    examples, _ = coco(root, [annotation(1, 0)], images(spelt))
    assert [example.split for example in examples] == list(SPLITS)
    text = "".join(f"{name},dog,{split}\n" for name, split in zip(NAMES, spelt, strict=True))
    (root / "labels").write_text("path,class,split\n" + text)
    examples, _ = read(config(root, "image_classification", "csv"))
    assert [example.split for example in examples] == list(SPLITS)
