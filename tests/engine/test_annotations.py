from pathlib import Path

import pytest

from modelyard.data.annotations import Example, Object
from modelyard.data.annotations.masks import mask_area, mask_problem
from modelyard.errors import UserError

from .annotated import (
    COMPRESSED,
    RUNS,
    TRIANGLE,
    annotation,
    coco,
    config,
    read,
    rows,
)


def test_rows_of_a_path_are_its_objects_and_empty_cells_an_image_without_any(root: Path) -> None:
    examples, bad = rows(root, "b.png,1,2,3.5,4,dog\na.png,,,,,\nb.png,-2,0,30,9,cat\n")
    assert bad == []
    assert examples == [
        Example("b.png", (Object("dog", (1, 2, 3.5, 4)), Object("cat", (-2, 0, 30, 9)))),
        Example("a.png", ()),
    ]


def test_ids_of_categories_may_have_gaps_and_images_may_show_nothing(root: Path) -> None:
    examples, bad = coco(root, [annotation(1, 2, 90), annotation(2, 0, bbox=[0.5, 1, 2, 2.25])])
    assert bad == []
    assert examples == [
        Example("a.png", (Object("dog", (0.5, 1, 2.5, 3.25)),)),
        Example("b.png", ()),
        Example("c.png", (Object("cat", (1, 2, 4, 6)),)),
    ]


def test_a_crowd_is_kept_and_marked(root: Path) -> None:
    examples, _ = coco(root, [annotation(1, 0), annotation(2, 0, iscrowd=1)])
    assert [one.crowd for one in examples[0].objects] == [False, True]


def test_masks_are_read_as_they_are_and_only_where_they_are_needed(root: Path) -> None:
    masks = [TRIANGLE, RUNS, COMPRESSED]
    records = [annotation(number, 0, segmentation=mask) for number, mask in enumerate(masks)]
    examples, _ = coco(root, records, task="instance_segmentation")
    assert [one.mask for one in examples[0].objects] == masks
    examples, _ = coco(root, records)
    assert [one.mask for one in examples[0].objects] == [None, None, None]


def test_a_crowd_without_a_mask_has_its_box_as_one(root: Path) -> None:
    records = [annotation(1, 0, segmentation=RUNS), annotation(2, 0, iscrowd=1)]
    examples, _ = coco(root, records, task="instance_segmentation")
    assert examples[0].objects[1].mask == [[1, 2, 4, 2, 4, 6, 1, 6]]


def test_a_mask_without_a_box_gives_one(root: Path) -> None:
    pytest.importorskip("pycocotools")
    records = [annotation(1, 0, bbox=None, segmentation=RUNS)]
    examples, _ = coco(root, records, task="instance_segmentation")
    assert examples[0].objects[0].box == (1, 2, 2, 5)  # pixels 12 to 14 of columns of ten


def test_annotations_of_one_category_are_the_class_of_an_image(root: Path) -> None:
    bare = {"id": 4, "image_id": 2, "category_id": 7}
    other = annotation(2, 0, bbox=[2, 2, 3, 4])
    records = [annotation(1, 0), other, annotation(3, 1, 90), bare]
    examples, _ = coco(root, records, task="image_classification")
    assert [(example.path, example.label) for example in examples] == [
        ("a.png", "dog"),
        ("b.png", "cat"),
        ("c.png", "dog"),
    ]
    assert [len(example.objects) for example in examples] == [1, 1, 1]


def test_runs_are_counted_as_the_reference_counts_them() -> None:
    reference = pytest.importorskip("pycocotools.mask")
    import numpy as np

    random = np.random.default_rng(0)
    for share in (0.01, 0.5, 0.9):
        pixels = np.asfortranarray((random.random((70, 90)) < share).astype(np.uint8))
        pixels[:, 20:60] = share > 0.5  # a long run
        runs = reference.encode(pixels)
        mask = {"size": [70, 90], "counts": runs["counts"].decode()}
        assert mask_problem(mask, (70, 90)) == ""
        assert mask_area(mask, (70, 90)) == pixels.sum()
    assert mask_area([[0, 0, 4, 0, 4, 5, 0, 5]], (10, 10)) == 20


def test_rows_of_a_missing_image_are_counted_once(root: Path) -> None:
    text = "z.png,1,2,3,4,dog\n" * 5 + "".join(f"a.png,{n},2,8,4,dog\n" for n in range(5))
    examples, bad = rows(root, text, bad=0.1)
    assert len(examples[0].objects) == 5
    assert len(bad) == 1


@pytest.mark.parametrize(("ids", "paths"), [([], "of no class"), ([7, 90], "of 2 classes, cat")])
def test_a_classifier_needs_one_category_an_image(ids: list[int], paths: str, root: Path) -> None:
    records = [annotation(number, 1, category) for number, category in enumerate(ids)]
    records += [annotation(8, 0), annotation(9, 2)]
    with pytest.raises(UserError, match=f"image 1: b.png is {paths}"):
        coco(root, records, task="image_classification")


def test_more_bad_entries_than_the_share_are_an_error_that_names_the_first(root: Path) -> None:
    text = "".join(f"a.png,{n},2,8,4,dog\n" for n in range(6)) + "a.png,1,2,1,4,dog\n" * 4
    assert len(rows(root, text, bad=0.4)[1]) == 4
    with pytest.raises(UserError) as error:
        rows(root, text, bad=0.39)
    first = "; ".join(f"line {n}: the box 1, 2, 1, 4 (x1, y1, x2, y2) has no area" for n in (8, 9))
    start = f"{root}/labels: 4 of 10 entries are bad, more than the share of 0.39 that "
    assert str(error.value).startswith(start + "data.max_bad_share in config.yaml allows, first ")
    assert first in str(error.value)
    assert "line 10:" in str(error.value)
    assert "line 11:" not in str(error.value)


def test_a_repeated_row_is_left_out_and_an_image_of_two_classes_too(root: Path) -> None:
    text = "path,class\na.png,x\nb.png,y\n./a.png,x\nc.png,x\nx/../c.png,y\n"
    (root / "labels").write_text(text)
    examples, bad = read(config(root, "image_classification", "csv", 0.4))
    assert [(one.path, one.label) for one in examples] == [("a.png", "x"), ("b.png", "y")]
    assert bad == [
        "raw/labels, line 4: it repeats line 2: a.png has the class x already; mend or drop it.",
        "raw/labels, line 5: c.png is of 2 classes, x, y; one is needed; mend or drop it.",
    ]
    with pytest.raises(UserError, match="2 of 5 entries are bad, more than the share of 0 that"):
        read(config(root, "image_classification", "csv"))


def test_the_same_object_twice_in_an_image_is_kept_once(root: Path) -> None:
    text = "a.png,1,2,3,4,dog\na.png,1,2,3,4,cat\na.png,1,2,3,4,dog\n./a.png,1,2,3.0,4,dog\n"
    examples, bad = rows(root, text, 0.5)
    assert [one.label for one in examples[0].objects] == ["dog", "cat"]
    assert len(bad) == 2
    assert bad[0].startswith("raw/labels, line 4: it repeats line 2: a.png has a dog with that box")
    records = [annotation(n, 0, segmentation=mask) for n, mask in enumerate([TRIANGLE, RUNS] * 2)]
    examples, bad = coco(root, records, task="instance_segmentation", bad=0.5)
    assert [one.mask for one in examples[0].objects] == [TRIANGLE, RUNS]
    assert [one.split(":")[0] for one in bad] == [f"raw/labels, annotation {n}" for n in (2, 3)]


def test_a_file_without_what_the_task_needs_is_refused(root: Path) -> None:
    (root / "labels").write_text("path,class\na.png,x\n")
    said = "has objects, but no boxes, which object_detection needs; name the columns of its boxes"
    with pytest.raises(UserError, match=said):
        read(config(root, "object_detection", "csv"))
    with pytest.raises(UserError, match="has objects, but no masks, which instance_s"):
        coco(root, [annotation(1, 0)], task="instance_segmentation")
    with pytest.raises(UserError, match="folders, which only name classes; for object_detection"):
        read(config(root, "object_detection", "folders"))


def test_a_csv_has_no_masks(root: Path) -> None:
    with pytest.raises(UserError, match="csv, which has no masks; for instance_segmentation set"):
        read(config(root, "instance_segmentation", "csv"))


def test_there_must_be_something_to_learn(root: Path) -> None:
    with pytest.raises(UserError, match="has 2 usable images and no object in any of them"):
        rows(root, "a.png,,,,,\nb.png,,,,,\n")
    with pytest.raises(UserError, match="3 usable images and no object"):
        coco(root, [])
