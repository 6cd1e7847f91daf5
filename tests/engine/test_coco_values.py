"""COCO's JSON as tools write it: numbers as text or with a point, crowds, a file per split."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.config.annotation_section import AnnotationSource, Split
from modelyard.data.annotations import (
    Object,
    check_objects,
    read_annotations,
    read_listing,
)
from modelyard.data.preparing import prepare_data
from modelyard.errors import UserError

from .annotated import RUNS, TRIANGLE, annotation, coco, config, image, read, write_coco

IDS = (1, "1", 1.0, "1.0", " 1")


@pytest.mark.parametrize("there", IDS)
@pytest.mark.parametrize("here", IDS)
def test_ids_are_the_same_however_they_are_written(here: Any, there: Any, root: Path) -> None:
    records = [annotation(there, there, there)]
    categories = [{"id": here, "name": "dog"}]
    write_coco(root, records, [image(here, "a.png")], categories)
    examples, bad = read(config(root, "object_detection", "coco"))
    assert not bad
    assert [one.label for one in examples[0].objects] == ["dog"]


def test_ids_that_are_names_are_compared_as_they_are(root: Path) -> None:
    listed = [image("007", "a.png"), image("7", "b.png"), image("x", "c.png")]
    records = [annotation("a", "007"), annotation("b", 7.0), annotation("c", "x")]
    examples, _ = coco(root, records, listed)
    assert [len(one.objects) for one in examples] == [1, 1, 1]


def test_an_id_that_no_image_has_is_bad_not_skipped(root: Path) -> None:
    records = [annotation(1, 0), annotation(2, None), annotation(3, [1]), annotation(4, 0.5)]
    _, bad = coco(root, records, bad=0.9)
    assert [one.split(": ")[1].split(";")[0] for one in bad] == [
        "there is no image None", "there is no image None", "there is no image '0.5'",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "label"), [(1, "1"), ("1", "1"), (1.5, "1.5"), (0, "0")])
def test_a_number_may_be_the_name_of_a_category(name: Any, label: str, root: Path) -> None:
    write_coco(root, [annotation(1, 0)], categories=[{"id": 7, "name": name}])
    examples, _ = read(config(root, "object_detection", "coco"))
    assert examples[0].label == label


@pytest.mark.parametrize("name", [None, "", " ", True, ["dog"]])
def test_another_value_is_no_name(name: Any, root: Path) -> None:
    write_coco(root, [annotation(1, 0)], categories=[{"id": 7, "name": name}])
    with pytest.raises(UserError, match="category 1: it needs an id and a name; add them"):
        read(config(root, "object_detection", "coco"))


def test_sizes_and_boxes_may_be_text(root: Path) -> None:
    records = [annotation(1, 0, bbox=["1", "2.5", 3, "4"])]
    examples, bad = coco(root, records, [image(0, "a.png", width="20", height=10.0)])
    assert not bad
    assert examples[0].objects == (Object("dog", (1, 2.5, 4, 6.5)),)


@pytest.mark.parametrize("size", [None, ""])
def test_an_image_without_a_size_is_not_compared(size: Any, root: Path) -> None:
    assert not coco(root, [annotation(1, 0)], [image(0, "a.png", width=size)])[1]


def test_categories_may_be_named_anew(root: Path) -> None:
    write_coco(root, [annotation(1, 0), annotation(2, 0, 90)])
    source = AnnotationSource(
        annotation_type="coco", root=root, annotations="labels", class_names={"dog": "hound"}
    )
    listing = read_listing(source)
    assert listing.classes == ["hound"]
    assert listing.images["a.png"].objects[0][1].label == "hound"
    assert [what for _, what in listing.bad] == [
        "class is 'cat', which data.class_names does not name (dog)"
    ]


def test_keys_of_images_give_splits_and_groups(root: Path) -> None:
    listed = [image(0, "a.png", fold="Valid", scene=7), image(1, "b.png", scene="x")]
    write_coco(root, [annotation(1, 0)], listed)
    keys: dict[str, Any] = {"annotation_type": "coco", "root": root, "annotations": "labels"}
    keys |= {"split_column": "fold"}
    found = read_listing(AnnotationSource(**keys, group_column="scene")).examples()
    assert [(one.split, one.group) for one in found] == [("validation", "7"), (None, "x")]
    with pytest.raises(UserError, match=r"data\.group_column is patient, but no image of"):
        read_listing(AnnotationSource(**keys, group_column="patient"))


def split_files(root: Path, *, beside: bool) -> AnnotationSource:
    """Write a file per split, each with ids of its own, as Roboflow (beside) or CVAT does."""
    folders: dict[Split, str] = {"train": "train", "validation": "valid"}
    files: dict[Split, str] = {}
    for name, (split, folder) in zip(("a.png", "b.png"), folders.items(), strict=True):
        (root / folder).mkdir()
        (root / name).rename(root / folder / name)
        file = f"{folder}/_annotations.coco.json" if beside else f"annotations/{split}.json"
        (root / file).parent.mkdir(exist_ok=True)
        write_coco(root, [annotation(1, 1)], [image(1, name)])
        (root / "labels").rename(root / file)
        files[split] = file
    return AnnotationSource(annotation_type="coco", root=root, images=folders, annotations=files)


@pytest.mark.parametrize("where", ["beside", "apart"])
def test_each_split_may_have_a_file_with_ids_of_its_own(where: str, root: Path) -> None:
    listing = read_listing(split_files(root, beside=where == "beside"))
    assert not listing.bad
    assert [(one.path, one.split, len(one.objects)) for one in listing.examples()] == [
        ("train/a.png", "train", 1), ("valid/b.png", "validation", 1),
    ]  # fmt: skip
    assert listing.file == root
    assert listing.entries == 4


def test_an_image_in_the_files_of_two_splits_is_bad_in_both(root: Path) -> None:
    write_coco(root, [], [image(1, "a.png"), image(2, "b.png")])
    (root / "labels").rename(root / "train.json")
    write_coco(root, [annotation(1, 1)], [image(1, "./a.png", split="train")])
    (root / "labels").rename(root / "test.json")
    files: dict[Split, str] = {"train": "train.json", "test": "test.json"}
    source = AnnotationSource(annotation_type="coco", root=root, annotations=files)
    assert [*map(tuple, read_listing(source).bad)] == [
        ("test.json, image 1", "split is 'train' in the file of test"),
    ]
    write_coco(root, [annotation(1, 1)], [image(1, "./a.png"), image(3, "c.png")])
    (root / "labels").rename(root / "test.json")
    listing = read_listing(source)
    assert [what for _, what in listing.bad] == ["a.png is listed 2 times"] * 2
    assert [*listing.images] == ["b.png", "c.png"]


@pytest.mark.parametrize("value", [0, "0", 0.0, "0.0", False, None, ""])
def test_no_crowd_may_be_written_in_many_ways(value: Any, root: Path) -> None:
    examples, _ = coco(root, [annotation(1, 0, iscrowd=value)])
    assert not examples[0].objects[0].crowd


@pytest.mark.parametrize("value", [1, "1", 1.0, "1.0", True])
def test_so_may_a_crowd(value: Any, root: Path) -> None:
    examples, _ = coco(root, [annotation(1, 0, iscrowd=value), annotation(2, 1)])
    assert examples[0].objects[0].crowd


CROWDS = [
    annotation(1, 0, segmentation=TRIANGLE),
    annotation(2, 0, segmentation=RUNS, iscrowd=1),
    annotation(3, 1, 90, segmentation=RUNS, iscrowd="1"),
]
NOTE = "crowds (iscrowd: 1) are not learned or judged: 2 of 3 objects, among them all of cat; "


def test_crowds_are_counted_and_classes_of_nothing_else_named(root: Path) -> None:
    write_coco(root, CROWDS)
    _, listing = read_annotations(config(root, "instance_segmentation", "coco"))
    assert listing.notes == [
        NOTE + "the masks that are stored as runs (RLE) are all crowds, as CVAT marks them: if "
        "each is a single object, set data.crowds in config.yaml to learn."
    ]
    write_coco(root, [*CROWDS, annotation(4, 2, segmentation=RUNS)])
    _, listing = read_annotations(config(root, "instance_segmentation", "coco"))
    assert "CVAT" not in listing.notes[0]
    _, listing = read_annotations(config(root, "image_classification", "coco"))
    assert listing.notes == []


def test_prepare_says_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    splits = ("train", "validation", "test")
    listed = [
        image(n, f"{name}.png", split=split)
        for n, (name, split) in enumerate(zip("abc", splits, strict=True))
    ]
    write_coco(root, [annotation(1, 0), annotation(2, 0, bbox=[0, 0, 9, 9], iscrowd=1)], listed)
    prepare_data(config(root, "object_detection", "coco"), dry_run=True)
    assert "warning: crowds (iscrowd: 1) are not learned or judged: 1 of" in capsys.readouterr().err


def test_crowds_may_be_learned(root: Path) -> None:
    write_coco(root, CROWDS)
    settings = config(root, "instance_segmentation", "coco", crowds="learn")
    examples, listing = read_annotations(settings)
    assert [[one.crowd for one in example.objects] for example in examples] == [
        [False, False], [False], [],
    ]  # fmt: skip
    assert listing.notes == []
    check_objects(examples, listing)


def test_nothing_but_crowds_is_an_error_that_names_the_key(root: Path) -> None:
    said = r"all objects \(1\) are crowds .* set data\.crowds in config\.yaml to learn"
    with pytest.raises(UserError, match=said):
        coco(root, [annotation(1, 0, iscrowd=1)])
