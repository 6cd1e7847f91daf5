from pathlib import Path
from typing import Any

import pytest

from modelyard.data.annotations import Example, Object
from modelyard.errors import UserError

from .annotated import (
    COMPRESSED,
    HEIGHT,
    NAMES,
    RUNS,
    TRIANGLE,
    WIDTH,
    annotation,
    coco,
    config,
    image,
    read,
    rows,
)

BAD_ROWS = {
    "b.png,1,2,1,4,dog": "line 2: the box 1, 2, 1, 4 (x1, y1, x2, y2) has no area",
    "b.png,1,5,3,4,dog": "line 2: the box 1, 5, 3, 4 (x1, y1, x2, y2) has no area",
    "b.png,20,2,25,4,dog": "line 2: the box 20, 2, 25, 4 (x1, y1, x2, y2) lies outside its image "
    "of 20 x 10 pixels",
    "b.png,-5,2,0,4,dog": "lies outside its image",
    "b.png,1,2,nan,4,dog": "line 2: x2 is 'nan', which is not a number",
    "b.png,one,2,3,4,dog": "line 2: x1 is 'one', which is not a number",
    "b.png,1,2,inf,4,dog": "line 2: x2 is 'inf', which is not a number",
    "b.png,1,2,1e99,4,dog": "line 2: x2 is '1e99', which is not a number of pixels",
    "b.png,1_0,2,30,4,dog": "line 2: x1 is '1_0', which is not a number",
    "b.png,0x1,2,30,4,dog": "line 2: x1 is '0x1', which is not a number",
    "b.png,\u0661,2,30,4,dog": "line 2: x1 is '\u0661', which is not a number",
    'b.png,1,2,"3,5",4,dog': "line 2: x2 is '3,5', which has a decimal comma; write a point",
    "b.png,1,2,,4,dog": "line 2: x2 is empty",
    "b.png,1,2,3,4,": "line 2: class is empty",
    ",1,2,3,4,dog": "line 2: path is empty",
    "b.png,1,2,3,dog": "line 2: 5 cells, expected path,x1,y1,x2,y2,class",
    "z.png,1,2,3,4,dog": "line 2: z.png is not in",
    "labels,1,2,3,4,dog": "labels cannot be read as an image",
}


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_bad_row_is_an_error_or_left_out_and_named(row: str, root: Path) -> None:
    text = f"{row}\na.png,1,2,3,4,dog\n"
    with pytest.raises(UserError) as error:
        rows(root, text)
    assert BAD_ROWS[row] in str(error.value)
    examples, bad = rows(root, text, bad=0.5)
    assert examples == [Example("a.png", (Object("dog", (1, 2, 3, 4)),))]
    assert bad == [str(error.value)]


BAD_OBJECTS: dict[str, tuple[Any, str]] = {
    "no object": ("x", "annotation number 2: there is no image None"),
    "unknown image": (annotation(5, 9), "annotation 5: there is no image 9"),
    "unknown category": (annotation(5, 1, 8), "annotation 5: there is no category 8"),
    "no box": (annotation(5, 1, bbox=None), "annotation 5: an object of class dog has no box"),
    "short box": (annotation(5, 1, bbox=[1, 2]), "annotation 5: bbox is [1, 2], not x, y, width"),
    "text": (annotation(5, 1, bbox=["a", 2, 3, 4]), "annotation 5: bbox is ['a', 2, 3, 4], not x"),
    "a text": (annotation(5, 1, bbox="1234"), "annotation 5: bbox is '1234', not x, y, width"),
    "crowd": (annotation(5, 1, iscrowd="many"), "annotation 5: iscrowd is 'many', expected 0 or 1"),
    "NaN": (annotation(5, 1, bbox=[1, 2, float("nan"), 4]), "annotation 5: bbox is [1, 2, nan"),
    "no area": (annotation(5, 1, bbox=[1, 2, 0, 4]), "annotation 5: the box 1, 2, 1, 6 (x1, y1"),
    "outside": (annotation(5, 1, bbox=[30, 2, 5, 4]), "annotation 5: the box 30, 2, 35, 6 (x1"),
}


@pytest.mark.parametrize("mistake", BAD_OBJECTS)
def test_a_bad_annotation_takes_an_image_along_that_has_no_other(mistake: str, root: Path) -> None:
    record, sentence = BAD_OBJECTS[mistake]
    with pytest.raises(UserError) as error:
        coco(root, [annotation(1, 0), record])
    assert sentence in str(error.value)
    examples, bad = coco(root, [annotation(1, 0), record], bad=0.5)
    assert bad == [str(error.value)]
    nowhere = mistake in {"no object", "unknown image"}
    assert [one.path for one in examples] == (list(NAMES) if nowhere else ["a.png", "c.png"])
    examples, _ = coco(root, [annotation(1, 0), annotation(2, 1), record], bad=0.5)
    assert [len(one.objects) for one in examples] == [1, 1, 0]


BAD_IMAGES: dict[str, tuple[list[Any], str, int]] = {
    "missing": ([image(5, "z.png")], "image 5: z.png is not in", 1),
    "no name": ([image(5, "")], "image 5: it has no file_name", 1),
    "no id": ([{"file_name": "b.png"}], "image number 3: it has no id", 1),
    "id twice": ([image(5, "b.png"), image(5, "z.png")], "image 5: b.png shares its id with 1", 2),
    "name twice": ([image(5, "b.png"), image(6, "b.png")], "image 5: b.png is listed 2 times", 2),
    "other size": ([image(5, "b.png", width=10)], "is 20 x 10 pixels, not 10 x 10", 1),
    "other, as text": ([image(5, "b.png", width="80")], "is 20 x 10 pixels, not 80 x 10", 1),
    "no size": ([image(5, "b.png", width="wide")], "width is 'wide', which is not a number", 1),
    "half a pixel": ([image(5, "b.png", height=9.5)], "height is 9.5, which is not a whole", 1),
    "a list": ([image(5, "b.png", height=[10])], "height is [10], which is not a number", 1),
    "number": ([image(5, 3)], "image 5: file_name is 3", 1),
    "two ways": ([image(5, "b.png"), image(6, "./b.png")], "image 5: b.png is listed 2 times", 2),
    "outside": ([image(5, "../b.png")], "image 5: ../b.png leaves raw; all images must lie", 1),
    "id as text": ([image(5, "b.png"), image("5", "z.png")], "image 5: b.png shares its id", 2),
}


@pytest.mark.parametrize("mistake", BAD_IMAGES)
def test_a_bad_image_is_counted_once_with_all_its_annotations(mistake: str, root: Path) -> None:
    images, sentence, count = BAD_IMAGES[mistake]
    images = [image(0, "a.png"), image(1, "c.png"), *images]
    records = [annotation(1, 0)]
    if mistake != "no id":
        records += [annotation(2, 5), annotation(3, 5)]
    examples, bad = coco(root, records, images, bad=0.5)
    assert sentence in bad[0]
    assert len(bad) == count
    assert [one.path for one in examples] == ["a.png", "c.png"]


BAD_MASKS: dict[str, tuple[Any, str]] = {
    "none": (None, "is missing"),
    "empty": ([], "is missing"),
    "a line": ([[1, 1, 5, 5]], "has a polygon of 4 numbers; three points"),
    "odd": ([TRIANGLE[0], [1, 2, 3, 4, 5, 6, 7]], "has a polygon of 7 numbers"),
    "text": ([["1", 1, 5, 5, 1, 5]], "not a list of numbers"),
    "one flat list": ([1, 1, 5, 5, 1, 5], "not a list of numbers"),
    "other size": (RUNS | {"size": [WIDTH, HEIGHT]}, "has the size [20, 10], its image [10, 20]"),
    "no counts": ({"size": [10, 20]}, "neither a list of polygons nor an RLE"),
    "too few": (RUNS | {"counts": [12, 3]}, "do not add up to its image's 200 pixels"),
    "too few, compressed": (COMPRESSED | {"counts": "<3"}, "do not add up"),
    "torn": (COMPRESSED | {"counts": "<3i"}, "are not runs of pixels"),
    "no runs": (COMPRESSED | {"counts": 200}, "are not runs of pixels"),
    "a mapping": (COMPRESSED | {"counts": {"a": 1}}, "are not runs of pixels"),
    "nothing": (RUNS | {"counts": [200]}, "covers nothing"),
    "half a pixel": (RUNS | {"counts": [12.5, 2.5, 185]}, "are not runs of pixels"),
    "counts as text": (RUNS | {"counts": ["12", "3", "185"]}, "are not runs of pixels"),
    "outside": ([[100, 100, 120, 100, 120, 120]], "covers nothing: it lies outside its image of"),
    "a point": ([[5, 5, 5, 5, 5, 5]], "covers nothing: its points lie on a line"),
    "on a line": ([[1, 1, 3, 3, 5, 5], [9, 1, 9, 2, 9, 3]], "covers nothing: its points lie on"),
    "a dot": ([[5.1, 5.1, 5.2, 5.1, 5.2, 5.2]], "covers nothing: it is smaller than a pixel"),
    "far away": ([[1, 1, 1e6, 1, 1e6, 5]], "has a polygon more than 100 times as large as its"),
}


@pytest.mark.parametrize("mistake", BAD_MASKS)
def test_a_bad_mask_is_named(mistake: str, root: Path) -> None:
    mask, sentence = BAD_MASKS[mistake]
    records = [annotation(1, 0, segmentation=RUNS), annotation(2, 0, segmentation=mask)]
    examples, bad = coco(root, records, task="instance_segmentation", bad=0.5)
    assert len(examples[0].objects) == 1
    assert "annotation 2: the mask of an object of class dog" in bad[0]
    assert sentence in bad[0]


FILES = {
    "": "is not valid JSON",
    "path,class\n": "for a CSV, data.annotation_type in config.yaml is csv",
    "[]": "has no list `images`",
    '{"images": []}': "has no list `annotations`",
    '{"images": [], "annotations": [], "categories": {}}': "has no list `categories`",
    '{"images": [], "annotations": [], "categories": []}': "lists no image",
    '{"images": [], "annotations": [], "categories": [{"id": 1}]}': "category 1: it needs an id",
    '{"images": [], "annotations": [], "categories": [{"id": 1, "name": "a"}, '
    '{"id": 1, "name": "b"}]}': "2 categories have the id 1",
    '{"images": [], "annotations": [], "categories": [{"id": 1, "name": "a"}, '
    '{"id": 2, "name": "a"}]}': "2 categories have the name 'a'",
}


@pytest.mark.parametrize("text", FILES)
def test_a_file_that_is_not_in_the_format_is_named(text: str, root: Path) -> None:
    (root / "labels").write_text(text)
    with pytest.raises(UserError) as error:
        read(config(root, "object_detection", "coco"))
    assert str(error.value).startswith(f"{root}/labels")
    assert FILES[text] in str(error.value)


@pytest.mark.parametrize("kind", ["csv", "coco"])
def test_a_missing_file_is_named(kind: str, root: Path) -> None:
    with pytest.raises(UserError, match=r"labels does not exist; correct data\.root"):
        read(config(root, "object_detection", kind))
