"""A CSV of any columns, delimiter and encoding, as people have it."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.config.annotation_section import AnnotationSource, Split
from modelyard.data.annotations import Example, Listing, Object, read_listing
from modelyard.errors import UserError

DOG = Object("dog", (1, 2, 3, 4))
NAMED = {"path": "filename", "class": "label"}
VOC = {"path": "filename", "x1": "xmin", "y1": "ymin", "x2": "xmax", "y2": "ymax"}


def listing(root: Path, text: str | bytes, **keys: Any) -> Listing:
    content = text if isinstance(text, bytes) else text.encode()
    (root / "labels").write_bytes(content)
    source = AnnotationSource(annotation_type="csv", root=root, annotations="labels", **keys)
    return read_listing(source)


def found(root: Path, text: str | bytes, **keys: Any) -> list[Example]:
    result = listing(root, text, **keys)
    assert result.bad == []
    return result.examples()


def refused(root: Path, text: str | bytes, **keys: Any) -> str:
    with pytest.raises(UserError) as error:
        listing(root, text, **keys)
    assert "\n" not in str(error.value)
    return str(error.value)


CLASS_OF_A: dict[str, tuple[str, dict[str, Any]]] = {
    "the usual header": ("path,class\na.png,dog\n", {}),
    "another order": ("class,path\ndog,a.png\n", {}),
    "other names": ("filename,label\na.png,dog\n", {"columns": NAMED}),
    "one other name": ("filename,class\na.png,dog\n", {"columns": {"path": "filename"}}),
    "further columns": ("id,filename,w,label\n7,a.png,20,dog\n", {"columns": NAMED}),
    "an index of pandas": (",path,class\n0,a.png,dog\n", {}),
    "empty columns of Excel": ("path,class,,\na.png,dog,,\n,,,\n , ,,\n", {}),
    "semicolons": ("Path;Class\na.png;dog\n", {
        "columns": {"path": "Path", "class": "Class"}, "delimiter": ";",
    }),
    "tabs": ("path\tclass\na.png\tdog\n", {"delimiter": "\t"}),
    "a delimiter that Excel notes": ("sep=;\npath;class\na.png;dog\n", {"delimiter": ";"}),
    "no header": ("a.png,dog\n", {"columns": {"path": 1, "class": 2}}),
    "no header, other order": ("7,dog,a.png,x\n", {"columns": {"path": 3, "class": 2}}),
    "classes by number": ("path,class\na.png,1\n", {"class_names": ["cat", "dog"]}),
    "classes as pandas writes them": ("path,class\na.png,1.0\n", {"class_names": ["cat", "dog"]}),
    "classes by label": ("path,class\na.png,d\n", {"class_names": {"c": "cat", "d": "dog"}}),
    "labels that YAML reads as numbers": ("path,class\na.png,7\n", {"class_names": {7: "dog"}}),
    "CRLF and quotes": ('path,class\r\n"a.png","dog"\r\n', {}),
    "another way of a path": ("path,class\n./a.png,dog\n", {}),
    "no suffix": ("image_id,class\na,dog\n", {"columns": {"path": "image_id"}}),
    "boxes of no interest": ("path,class,x1\na.png,dog,5\n", {}),
}  # fmt: skip


@pytest.mark.parametrize("layout", CLASS_OF_A)
def test_classes_are_read_from_any_columns(layout: str, root: Path) -> None:
    text, keys = CLASS_OF_A[layout]
    assert found(root, text, **keys) == [Example("a.png", (Object("dog", None),))]


BOX_OF_A: dict[str, tuple[str, dict[str, Any]]] = {
    "the usual header": ("path,x1,y1,x2,y2,class\na.png,1,2,3,4,dog\n", {}),
    "corner and size": ("path,x,y,width,height,class\na.png,1,2,2,2,dog\n", {}),
    "corners beside the image's size": (
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,20,10,dog,1,2,3,4\n",
        {"columns": VOC},
    ),
    "a size under other names": (
        "path,left,top,w,h,class\na.png,1,2,2,2,dog\n",
        {"columns": {"x": "left", "y": "top", "width": "w", "height": "h"}},
    ),
    "no header": (
        "a.png,1,2,3,4,dog\n",
        {"columns": {"path": 1, "x1": 2, "y1": 3, "x2": 4, "y2": 5, "class": 6}},
    ),
    "semicolons": (
        "path;x;y;width;height;class\na.png;1;2;2;2;dog\n", {"delimiter": ";"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", BOX_OF_A)
def test_boxes_are_read_from_any_columns(layout: str, root: Path) -> None:
    text, keys = BOX_OF_A[layout]
    assert found(root, text, **keys) == [Example("a.png", (DOG,))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_a_file_is_read_in_its_encoding(encoding: str, root: Path) -> None:
    named = "utf-8" if encoding == "utf-8-sig" else encoding
    text = "path,class\na.png,Käfer\n"
    assert found(root, text.encode(encoding), encoding=named)[0].label == "Käfer"


ENCODINGS: dict[str, tuple[bytes, str, str]] = {
    "cp1252 as UTF-8": ("ä,ö\n".encode("cp1252"), "utf-8", "is not text in utf-8 (invalid continu"),
    "UTF-16 as UTF-8": ("ä,ö\n".encode("utf-16"), "utf-8", "the one that it has, perhaps utf-16."),
    "no mark": ("a,b\n".encode("utf-16-le"), "utf-8", "the one that it has, perhaps utf-16."),
    "UTF-8 as UTF-16": (b"abc", "utf-16", "is not text in utf-16 (truncated data at byte 2); set"),
}


@pytest.mark.parametrize("mistake", ENCODINGS)
def test_a_wrong_encoding_names_its_key(mistake: str, root: Path) -> None:
    content, encoding, said = ENCODINGS[mistake]
    sentence = refused(root, content, encoding=encoding)
    assert said in sentence
    assert "data.encoding" in sentence


HEADERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "other names": (
        "filename,label\na.png,dog\n", {},
        "has no column path or class, only filename, label; say in data.columns of config.yaml "
        "which are which, such as {path: image, class: label}.",
    ),
    "named wrongly": (
        "filename,label\na.png,dog\n", {"columns": {"path": "file", "class": "label"}},
        "has no column file, only filename, label; say in data.columns",
    ),
    "half a box": (
        "path,xmin,ymin,class\n", {"columns": {"x1": "xmin", "y1": "ymin"}},
        "has no column x2 or y2, only path, xmin, ymin, class;",
    ),
    "another delimiter": (
        "path;class\n", {}, "'path;class', is one column; set data.delimiter in config.yaml, "
        "perhaps to ';'.",
    ),
    "tabs": ("path\tclass\n", {}, 'perhaps to "\\t".'),
    "a row": (
        "a.png,dog\n", {}, "its first line, 'a.png,dog', names an image, so there is no header; "
        "give positions from 1 in data.columns",
    ),
    "twice": ("path,class,path\n", {}, "2 columns are called path; keep one."),
    "no such split": (
        "path,class\n", {"split_column": "fold"},
        "has no column fold, only path, class; correct data.split_column in config.yaml.",
    ),
    "no such group": (
        "path,class\n", {"group_column": "patient"}, "correct data.group_column in config.yaml.",
    ),
    "too few columns": (
        "a.png,dog\n", {"columns": {"path": 1, "class": 3}},
        "its first line has 2 columns, but config.yaml names column 3; correct data.columns",
    ),
    "no position of the class": (
        "a.png,dog\n", {"columns": {"path": 1}}, "data.columns gives no position for class;",
    ),
    "nothing": ("", {}, "is empty; add a header, such as path,class, and rows."),
    "commas only": (",,\n,,\n", {}, "is empty; add a header"),
    "no row": ("path,class\n,\n", {}, "lists no image below its header; add rows `path,class`."),
}  # fmt: skip


@pytest.mark.parametrize("mistake", HEADERS)
def test_a_header_without_what_is_needed_names_the_key(mistake: str, root: Path) -> None:
    text, keys, said = HEADERS[mistake]
    assert said in refused(root, text, **keys)


ROWS: dict[str, tuple[str, dict[str, Any], str]] = {
    "too short": ("path,class\na.png\n", {}, "line 2: 1 cells, expected path,class"),
    "too short, no header": (
        "a.png,dog\nb.png\n", {"columns": {"path": 1, "class": 2}}, "line 2: 1 cells, expected 2",
    ),
    "empty": (
        "file,xmin,x2,y1,y2,class\na.png,,3,2,4,dog\n", {"columns": {"path": "file", "x1": "xmin"}},
        "line 2: xmin is empty",
    ),
    "no such number": (
        "path,class\na.png,2\n", {"class_names": ["cat", "dog"]},
        "line 2: class is '2', which data.class_names does not name (0 to 1)",
    ),
    "no such label": (
        "path,class\na.png,bird\n", {"class_names": {"c": "cat", "d": "dog"}},
        "line 2: class is 'bird', which data.class_names does not name (c, d)",
    ),
    "two groups": (
        "path,x1,y1,x2,y2,class,who\na.png,1,2,3,4,dog,me\na.png,2,2,3,4,dog,you\n",
        {"group_column": "who"}, "line 3: group is 'you', but 'me' for a.png on line 2",
    ),
    "outside": ("path,class\n../a.png,dog\n", {}, "line 2: ../a.png leaves raw; all images must"),
    "absolute": ("path,class\n/a.png,dog\n", {}, "line 2: /a.png is an absolute path; write it"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", ROWS)
def test_what_is_wrong_with_a_row_is_noted(mistake: str, root: Path) -> None:
    text, keys, said = ROWS[mistake]
    result = listing(root, text, **keys)
    assert [f"{where}: {what}".startswith(said) for where, what in result.bad] == [True]


def test_splits_and_groups_have_columns_of_any_name(root: Path) -> None:
    text = "path,class,fold,who\na.png,dog,Training,7\nb.png,dog,dev,\n"
    keys: dict[str, Any] = {"split_column": "fold", "group_column": "who"}
    assert [(one.split, one.group) for one in found(root, text, **keys)] == [
        ("train", "7"), ("validation", None),
    ]  # fmt: skip
    rows, keys = text.split("\n", 1)[1], {"split_column": 3, "group_column": 4}
    columns = {"path": 1, "class": 2}
    assert [one.group for one in found(root, rows, columns=columns, **keys)] == ["7", None]


def test_a_column_named_split_is_one_wherever_it_stands(root: Path) -> None:
    assert found(root, "split,path,class\ntest,a.png,dog\n")[0].split == "test"
    assert found(root, "path,Split,class\na.png,Val,dog\n")[0].split == "validation"


def test_a_quotation_mark_that_is_never_closed_swallows_no_rows(root: Path) -> None:
    text = 'path,class\na.png,dog\nb.png,"cat\nc.png,dog\n'
    assert refused(root, text) == (
        'raw/labels: a quotation mark (") after line 2 is never closed; close it, or write it '
        "twice inside a quoted cell."
    )
    assert found(root, 'path,class\na.png,"two\nlines"\n')[0].label == "two\nlines"
    assert found(root, 'path,class\na.png,5" disk\n')[0].label == '5" disk'


def test_each_split_may_have_a_file_of_its_own(root: Path) -> None:
    (root / "test.csv").write_text("path,class\nb.png,dog\n")
    (root / "train.csv").write_text("path,class\na.png,dog\nz.png,\n./b.png,dog\n")
    files: dict[Split, str] = {"train": "train.csv", "test": "test.csv"}
    source = AnnotationSource(annotation_type="csv", root=root, annotations=files)
    result = read_listing(source)
    assert [(one.path, one.split) for one in result.examples()] == [
        ("a.png", "train"), ("b.png", "train"),
    ]  # fmt: skip
    assert result.file == root
    assert [bad.where for bad in result.bad] == ["train.csv, line 3", "test.csv, line 2"]
    assert result.bad[1].what == "split is 'test', but 'train' for b.png on train.csv, line 4"


def test_a_missing_image_is_listed_with_the_reason(root: Path) -> None:
    result = listing(root, "path,class\nA.PNG,dog\n")
    assert (
        result.images["A.PNG"].missing == "A.PNG is not in raw, but a.png is: capital letters count"
    )


def test_a_folder_is_not_a_file_of_annotations(root: Path) -> None:
    source = AnnotationSource(annotation_type="csv", root=root)
    with pytest.raises(UserError, match="raw is a folder; with data"):
        read_listing(source)
