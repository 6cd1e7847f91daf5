"""The keys of `data` that say where annotations lie: a wrong value is one sentence."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.config.loading import load_project
from modelyard.errors import UserError
from modelyard.files import write_yaml

from .tiny import PROJECT

OUTSIDE = "lies outside data.root, which DVC tracks as a whole"
SPLIT = "{!r} is not a split; write train, validation or test"
PATH = "must be a path relative to data.root, such as images"
COLUMN = "must be the name of a column, or in a file without a header its position"
NAMES = "must be a list of the names of 0, 1, …, or give each label its name"
MIXED = "columns, split_column and group_column mix names and positions; write names for"
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"images": "../photos"}, "data.images is '../photos': the path ../photos " + OUTSIDE),
    ({"images": "/photos"}, "data.images is '/photos': the path /photos " + OUTSIDE),
    ({"annotations": "../annotations/x.json"}, "the path ../annotations/x.json " + OUTSIDE),
    ({"annotations": "a/../../x.json"}, "the path a/../../x.json " + OUTSIDE),
    ({"annotations": {"train": "../x.json"}}, "data.annotations: the path ../x.json " + OUTSIDE),
    ({"annotations": "C:\\x.json"}, "the path C:\\x.json " + OUTSIDE),
    ({"split_lists": {"test": "../test.txt"}}, "data.split_lists: the path ../test.txt " + OUTSIDE),
    ({"images": {"valid": "x"}}, "data.images: " + SPLIT.format("valid")),
    ({"images": {}}, "data.images: " + PATH),
    ({"images": ""}, "data.images is '': " + PATH),
    ({"images": 5}, "data.images is 5: " + PATH),
    ({"images": {"train": ["a", "b"]}}, "data.images: " + PATH),
    ({"images": {"train": ".", "test": "test"}}, "images of test (test) lie inside those of train"),
    ({"images": {"train": "x", "test": "./x/"}}, "an image in two splits would falsify the test"),
    ({"split_lists": "train.txt"}, "must give a path for each of train, validation and test"),
    ({"columns": {"path": 0}}, "data.columns.path is 0: " + COLUMN),
    ({"columns": {"path": True}}, COLUMN),
    ({"columns": {"file": "x"}}, "data.columns: 'file' is not known; allowed are path, class,"),
    ({"columns": "path"}, "must give names of columns, such as {path: image, class: label}"),
    ({"split_column": ""}, "data.split_column is '': " + COLUMN),
    ({"columns": {"path": 1, "class": "label"}}, MIXED),
    ({"columns": {"path": 1, "class": 2}, "group_column": "patient"}, MIXED),
    ({"class_names": "dog"}, NAMES),
    ({"class_names": ["dog", 1]}, NAMES),
    ({"class_names": {"d": ""}}, NAMES),
    ({"delimiter": ";;"}, 'must be one character such as ";", or "\\t" for a tab'),
    ({"delimiter": '"'}, "must be one character"),
    (
        {"annotation_type": "coco", "delimiter": ";"},
        "delimiter is for annotation_type csv, not for",
    ),
    (
        {"annotation_type": "yolo", "columns": {"path": "p"}},
        "columns is for annotation_type csv or",
    ),
    (
        {"annotation_type": "folders", "group_column": "who"},
        "csv or coco, not for folders; drop it",
    ),
    ({"crowds": "learn"}, "crowds is for annotation_type coco, not for csv; drop it"),
    ({"crowds": "keep"}, "data.crowds is 'keep': input should be 'ignore' or 'learn'"),
]


def load(root: Path, keys: dict[str, Any]) -> Any:
    write_yaml(root / "config.yaml", PROJECT | {"data": PROJECT["data"] | keys})
    return load_project().data


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("keys", "said"), WRONG)
def test_a_wrong_value_is_one_sentence_before_anything_is_read(
    keys: dict[str, Any], said: str, project: Path
) -> None:
    with pytest.raises(UserError) as error:
        load(project, keys)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


RIGHT: list[dict[str, Any]] = [
    {"images": "./images/../photos", "annotations": "x/labels.csv"},
    {"images": {"train": "train", "validation": "valid"}, "annotations": {"train": "a.json"}},
    {"columns": {"path": "filename", "class": "label"}, "split_column": "fold"},
    {"columns": {"path": 1, "class": 2}, "split_column": 3, "group_column": 4},
    {"split_lists": {"train": "lists/train.txt"}},
    {"class_names": ["cat", "dog"]},
    {"delimiter": ";", "encoding": "utf-16"},
    {"annotation_type": "coco", "crowds": "learn", "split_column": "fold"},
]


@pytest.mark.parametrize("keys", RIGHT)
def test_right_values_are_kept(keys: dict[str, Any], project: Path) -> None:
    loaded = load(project, keys)
    assert {key: getattr(loaded, key) for key in keys} == keys


def test_what_yaml_reads_as_numbers_or_two_characters_is_meant_otherwise(project: Path) -> None:
    loaded = load(project, {"class_names": {0: "cat", "dog": "d"}, "delimiter": "\\t"})
    assert loaded.class_names == {"0": "cat", "dog": "d"}
    assert loaded.delimiter == "\t"
