"""`modelyard adopt` says rightly how a folder is annotated, whatever its layout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.annotation_section import AnnotationSource
from modelyard.config.data_section import Task
from modelyard.data.looking.choosing import look
from modelyard.data.looking.tree import Tree
from modelyard.errors import UserError

from . import laid_out
from .laid_out import CLASSES, class_folders, coco, images, table, write_json

Layout = Callable[[Path], object]
Keys = dict[str, Any]
SPLITS = ("train", "valid", "test")


def rows(names: list[str]) -> list[tuple[str, str]]:
    return [(name, CLASSES[number % 2]) for number, name in enumerate(names)]


def split_folders(root: Path) -> None:
    for number, split in enumerate(SPLITS):
        class_folders(root / split, 3, 10 * number)


def wrapped(root: Path) -> None:
    class_folders(root / "flower_photos")
    (root / "flower_photos/LICENSE.txt").write_text("A licence\n")


def plain_table(root: Path) -> None:
    table(root / "labels.csv", [("filename", "label"), *rows(images(root / "images", 6))])


def stems(root: Path) -> None:
    names = [Path(name).stem for name in images(root / "train", 6)]
    table(
        root / "train.csv", [("image_id", "class_id"), *((n, i % 2) for i, n in enumerate(names))]
    )


def semicolons(root: Path) -> None:
    table(
        root / "données.csv", [("Path", "Classe"), *rows(images(root, 6))], ";", encoding="cp1252"
    )


def index_and_more(root: Path) -> None:
    names = images(root, 12)
    header = ("", "image", "patient_id", "age", "diagnosis", "set")
    body = [
        (n, name, n // 3, 40 + n, CLASSES[n % 2], ("train", "test")[n % 2])
        for n, name in enumerate(names)
    ]
    table(root / "meta.tsv", [header, *body], "\t")


def without_header(root: Path) -> None:
    table(root / "all.csv", rows(images(root, 6)))


def split_tables(root: Path) -> None:
    for number, split in enumerate(("train", "val", "test")):
        names = images(root / split, 4, 4 * number)
        table(root / f"{split}.csv", [("name", "label"), *rows(names)])


def competition(root: Path) -> None:
    table(root / "train.csv", [("id", "label"), *rows(images(root / "train", 6))])
    table(root / "sample_submission.csv",
          [("id", "label"), *((name, "cat") for name in images(root / "test", 4, 6))])  # fmt: skip


CSV = {"annotation_type": "csv", "delimiter": ",", "encoding": "utf-8"}
CLASSIFIED: dict[str, tuple[Layout, Keys]] = {
    "one folder per class": (class_folders, {"annotation_type": "folders", "images": "."}),
    "one folder per class in a folder": (
        wrapped, {"annotation_type": "folders", "images": "flower_photos"}),
    "a folder per split": (
        split_folders,
        {"annotation_type": "folders",
         "images": {"train": "train", "validation": "valid", "test": "test"}}),
    "a table": (plain_table, {**CSV, "images": "images", "annotations": "labels.csv",
                              "columns": {"path": "filename", "class": "label"}}),
    "a table of names without suffix": (
        stems, {**CSV, "images": "train", "annotations": "train.csv",
                "columns": {"path": "image_id", "class": "class_id"}}),
    "another delimiter and encoding": (
        semicolons, {**CSV, "images": ".", "annotations": "données.csv", "delimiter": ";",
                     "columns": {"path": "Path", "class": "Classe"}}),
    "an index, a group, a split and more": (
        index_and_more,
        {**CSV, "images": ".", "annotations": "meta.tsv", "delimiter": "\t",
         "columns": {"path": "image", "class": "diagnosis"}, "split_column": "set",
         "group_column": "patient_id"}),
    "a competition": (competition, {**CSV, "images": "train", "annotations": "train.csv",
                                    "columns": {"path": "id", "class": "label"}}),
    "no header": (without_header, {**CSV, "images": ".", "annotations": "all.csv",
                                   "columns": {"path": 1, "class": 2}}),
    "a table for each split": (
        split_tables,
        {**CSV, "columns": {"path": "name", "class": "label"},
         "images": {"train": "train", "validation": "val", "test": "test"},
         "annotations": {"train": "train.csv", "validation": "val.csv", "test": "test.csv"}}),
}  # fmt: skip


def one_coco(root: Path) -> None:
    write_json(root / "annotations/instances.json", coco(images(root / "images", 6)))


def roboflow(root: Path) -> None:
    for number, split in enumerate(SPLITS):
        names = images(root / split, 4, 4 * number)
        write_json(root / split / "_annotations.coco.json", coco(names))


def coco_2017(root: Path) -> None:
    for number, split in enumerate(("train2017", "val2017")):
        names = images(root / split, 4, 4 * number)
        write_json(root / f"annotations/instances_{split}.json", coco(names))
        captions = [{"id": 1, "image_id": 1, "caption": "A cat."}]
        write_json(root / f"annotations/captions_{split}.json",
                   {**coco(names), "annotations": captions})  # fmt: skip


def ultralytics(root: Path) -> None:
    for number, split in enumerate(("train", "val")):
        laid_out.yolo(root / "labels" / split, images(root / "images" / split, 4, 4 * number))
    (root / "data.yaml").write_text("names:\n  0: cat\n  1: dog\n")


def darknet(root: Path) -> None:
    laid_out.yolo(root / "obj", images(root / "obj", 4))
    (root / "obj/classes.txt").write_text("cat\ndog\n")
    (root / "train.txt").write_text("obj/000.png\nobj/001.png\n")
    (root / "test.txt").write_text("obj/002.png\nobj/003.png\n")


def pascal(root: Path) -> None:
    names = images(root / "JPEGImages", 4)
    laid_out.voc(root / "Annotations", names)
    lists = root / "ImageSets/Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("000\n001\n")
    (lists / "val.txt").write_text("002\n003\n")


def boxes_table(root: Path) -> None:
    header = ("img", "xmin", "ymin", "xmax", "ymax", "label")
    body = [(name, 2, 3, 12, 11, label) for name, label in rows(images(root, 6))]
    table(root / "boxes.csv", [header, *body])


OBJECTS: dict[str, tuple[Layout, Keys]] = {
    "COCO beside its images": (
        one_coco,
        {"annotation_type": "coco", "images": "images",
         "annotations": "annotations/instances.json"}),
    "Roboflow": (
        roboflow,
        {"annotation_type": "coco",
         "images": {"train": "train", "validation": "valid", "test": "test"},
         "annotations": {"train": "train/_annotations.coco.json",
                         "validation": "valid/_annotations.coco.json",
                         "test": "test/_annotations.coco.json"}}),
    "COCO of 2017": (
        coco_2017,
        {"annotation_type": "coco", "images": {"train": "train2017", "validation": "val2017"},
         "annotations": {"train": "annotations/instances_train2017.json",
                         "validation": "annotations/instances_val2017.json"}}),
    "YOLO by split": (
        ultralytics,
        {"annotation_type": "yolo", "class_names": ["cat", "dog"],
         "images": {"train": "images/train", "validation": "images/val"},
         "annotations": {"train": "labels/train", "validation": "labels/val"}}),
    "YOLO with lists": (
        darknet,
        {"annotation_type": "yolo", "class_names": ["cat", "dog"], "images": "obj",
         "annotations": "obj", "split_lists": {"train": "train.txt", "test": "test.txt"}}),
    "Pascal VOC": (
        pascal,
        {"annotation_type": "voc", "images": "JPEGImages", "annotations": "Annotations",
         "split_lists": {"train": "ImageSets/Main/train.txt",
                         "validation": "ImageSets/Main/val.txt"}}),
    "LabelMe": (
        lambda root: laid_out.labelme(root / "photos", images(root / "photos", 4)),
        {"annotation_type": "labelme", "images": "photos", "annotations": "photos"}),
    "VIA": (
        lambda root: laid_out.via(root / "via_region_data.json", images(root / "pictures", 4)),
        {"annotation_type": "via", "images": "pictures", "annotations": "via_region_data.json"}),
    "a table of boxes": (
        boxes_table,
        {**CSV, "images": ".", "annotations": "boxes.csv",
         "columns": {"path": "img", "class": "label", "x1": "xmin", "y1": "ymin", "x2": "xmax",
                     "y2": "ymax"}}),
}  # fmt: skip


def seen(root: Path, task: Task, **asked: Any) -> Keys:
    keys = look(Tree(root), task, asked).keys
    AnnotationSource.model_validate({**keys, "root": root})
    return keys


@pytest.mark.parametrize("layout", CLASSIFIED)
def test_images_with_a_class_are_recognized(layout: str, tmp_path: Path) -> None:
    write, keys = CLASSIFIED[layout]
    write(tmp_path)
    assert seen(tmp_path, "image_classification") == keys


@pytest.mark.parametrize("layout", OBJECTS)
def test_images_with_objects_are_recognized(layout: str, tmp_path: Path) -> None:
    write, keys = OBJECTS[layout]
    write(tmp_path)
    assert seen(tmp_path, "object_detection") == keys


def test_what_is_asked_for_beats_what_is_seen(tmp_path: Path) -> None:
    names = images(tmp_path, 8)
    body = [(name, CLASSES[n % 2], n % 3) for n, name in enumerate(names)]
    table(tmp_path / "a.csv", [("file", "this", "that"), *body])
    with pytest.raises(UserError, match=r"a\.csv: its class may be this or that; add columns"):
        seen(tmp_path, "image_classification")
    keys = seen(tmp_path, "image_classification", annotations="a.csv", columns={"class": "that"})
    assert keys["columns"] == {"path": "file", "class": "that"}


def test_several_labels_are_recognized_and_names_with_commas_are_not(tmp_path: Path) -> None:
    names = images(tmp_path, 8)
    for cells, target, between in (
        (('"sun,sea"', "sea"), "labels", ","),
        (("sun|sea", "sea"), "labels", "|"),
        (('"tench, Tinca tinca"', "cat"), "class", None),
    ):
        body = [(name, cells[n % 2]) for n, name in enumerate(names)]
        table(tmp_path / "a.csv", [("file", "tags"), *body])
        keys = seen(tmp_path, "image_classification")
        assert keys["columns"] == {"path": "file", target: "tags"}
        assert keys.get("label_delimiter") == between


def images_elsewhere(root: Path) -> None:
    images(root / "few", 1)
    table(root / "a.csv", [("f", "l"), *rows([f"/data/{number}.png" for number in range(9)])])


REFUSED: dict[str, tuple[Layout, Task, str]] = {
    "no image": (
        lambda root: (root / "a.txt").write_text("x"), "image_classification",
        "has no image; its other files are 1 .txt; name a folder of images"),
    "nothing annotates": (
        lambda root: images(root, 3), "image_classification",
        "has 3 images and nothing that says what they show; put them into one folder per class"),
    "classes for boxes": (
        class_folders, "object_detection",
        "one folder per class (class), but data.task in config.yaml is object_detection, which "
        "needs boxes or masks"),
    "boxes for masks": (boxes_table, "instance_segmentation", "which needs masks"),
    "images elsewhere": (
        images_elsewhere, "image_classification",
        "names images, and most of them are not in"),
    "YOLO without names": (
        lambda root: laid_out.yolo(root, images(root, 3)), "object_detection",
        "nothing names their classes; write the names into classes.txt"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_learned_from_is_refused_with_what_to_do(case: str, tmp_path: Path) -> None:
    write, task, said = REFUSED[case]
    write(tmp_path)
    with pytest.raises(UserError) as error:
        seen(tmp_path, task)
    assert said in str(error.value)


def test_what_is_hidden_is_not_seen(tmp_path: Path) -> None:
    class_folders(tmp_path)
    images(tmp_path / ".ipynb_checkpoints", 1)
    images(tmp_path / "__MACOSX/cat", 1)
    (tmp_path / "cat/Thumbs.db").write_bytes(b"")
    (tmp_path / "linked").symlink_to(tmp_path / "cat")
    tree = Tree(tmp_path)
    assert (len(tree.images), tree.files, tree.linked) == (12, [], ["linked"])
