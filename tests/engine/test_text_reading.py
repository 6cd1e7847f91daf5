"""Texts from folders, CSV and JSON lines; what is wrong with them is named, counted and listed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.config.data_section import SPLITS
from modelyard.config.text_section import LARGEST
from modelyard.data.manifest import read_manifest
from modelyard.data.preparing import prepare_data
from modelyard.data.rows import open_rows
from modelyard.data.text.tokens import VOCABULARY, read_vocabulary
from modelyard.errors import UserError
from modelyard.files import read_csv, write_csv

from .texts import config, rows


@pytest.fixture(autouse=True)
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of raw data in an empty project."""
    monkeypatch.chdir(tmp_path)
    Path("raw").mkdir()
    return Path("raw")


def write_table(raw: Path, found: list[tuple[str, str]], **more: Callable[[int], str]) -> None:
    listed = [
        {"text": text, "class": label} | {name: of(n) for name, of in more.items()}
        for n, (text, label) in enumerate(found)
    ]
    write_csv(raw / "texts.csv", listed)


def prepared(split: str) -> list[bytes]:
    """Return the texts of a split as they were prepared."""
    manifest = read_manifest(Path("prepared"))
    found = open_rows(Path("prepared"), split, "text", manifest.inputs["text"])
    return [*found[np.arange(len(found))]]


def test_a_table_becomes_texts_labels_and_a_vocabulary_of_training_texts(
    raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(raw, rows())
    counts = prepare_data(config(raw, "csv", file="texts.csv", max_tokens=3))
    assert counts == {"train": 18, "validation": 6, "test": 6}
    manifest = read_manifest(Path("prepared"))
    assert (manifest.kind, manifest.head) == ("text", "class")
    assert manifest.classes == ["english", "french", "german"]
    assert manifest.encoded["tokens"].model_dump() == {"shape": (3,), "dtype": "int32"}
    texts = [text for split in SPLITS for text in prepared(split)]
    assert sorted(texts) == sorted(text.encode() for text, _ in rows())
    words = {word for text in prepared("train") for word in text.decode().lower().split()}
    assert {*read_vocabulary(Path("prepared", VOCABULARY))} == words
    listed = read_csv(Path("prepared/test.csv"))
    line = int(listed[0]["path"].removeprefix("texts.csv, line "))
    assert rows()[line - 2][1] == listed[0]["class"]
    said = capsys.readouterr().out
    assert "20 of 30 texts have more than 3 tokens" in said
    assert f"{len(words)} tokens of the training texts; of those in validation texts" in said


def test_folders_of_classes_may_be_below_folders_of_splits(raw: Path) -> None:
    for n, (text, label) in enumerate(rows(4)):
        folder = raw / ("train", "train", "valid", "test")[n % 4] / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n}.txt").write_text(text)
    assert prepare_data(config(raw, "folders")) == {"train": 6, "validation": 3, "test": 3}
    assert [one["path"] for one in read_csv(Path("prepared/test.csv"))] == [
        "test/english/3.txt", "test/french/11.txt", "test/german/7.txt"
    ]  # fmt: skip


def test_folders_of_classes_are_divided(raw: Path) -> None:
    for n, (text, label) in enumerate(rows()):
        (raw / label / "deeper").mkdir(parents=True, exist_ok=True)
        (raw / label / "deeper" / f"{n}.md").write_bytes(f"\ufeff{text}\r\n".encode())
    assert sum(prepare_data(config(raw, "folders")).values()) == len(rows())
    assert sorted(text for split in SPLITS for text in prepared(split)) == sorted(
        f"{text}\n".encode() for text, _ in rows()
    )


def test_json_lines_have_keys_of_any_name_and_several_labels(raw: Path) -> None:
    lines = [f'{{"body": "{text}", "tags": ["{label}", "all"]}}\n' for text, label in rows()]
    (raw / "texts.jsonl").write_text("\n".join(lines))
    columns = {"text": "body", "labels": "tags"}
    prepare_data(config(raw, "jsonl", file="texts.jsonl", columns=columns))
    manifest = read_manifest(Path("prepared"))
    assert (manifest.head, manifest.classes) == ("labels", ["all", "english", "french", "german"])
    assert manifest.settings["column"] == "body"
    labels = np.load("prepared/test_labels.npy")
    assert labels[:, 0].tolist() == [1.0] * len(labels)
    assert (labels.sum(axis=1) == 2).all()


def test_a_csv_without_a_header_has_positions(raw: Path) -> None:
    lines = [f'{label};"{text}"\n' for text, label in rows()]
    (raw / "texts.csv").write_text("".join(lines), encoding="utf-16")
    keys: dict[str, Any] = {"columns": {"text": 2, "class": 1}, "delimiter": ";"}
    prepare_data(config(raw, "csv", file="texts.csv", encoding="utf-16", **keys))
    assert read_manifest(Path("prepared")).examples == {"train": 18, "validation": 6, "test": 6}


def test_groups_and_equal_texts_are_never_divided(raw: Path) -> None:
    found = rows(20)
    found += found[:10]  # written twice
    write_table(raw, found, author=lambda n: str(n % 20 // 2))
    prepare_data(config(raw, "csv", file="texts.csv", group_column="author"))
    authors = [
        {(int(one["path"].split()[-1]) - 2) % 20 // 2 for one in read_csv(file)}
        for file in (Path("prepared", f"{split}.csv") for split in SPLITS)
    ]
    assert sum(map(len, authors)) == len(set.union(*authors)) == 10
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        assert not {*prepared(one)} & {*prepared(other)}


def test_given_splits_with_equal_texts_are_refused(raw: Path) -> None:
    found = rows(10)
    found[9] = found[0]
    write_table(raw, found, split=lambda n: "test" if n % 10 == 9 else "train")
    with pytest.raises(UserError, match="max_duplicate_share"):
        prepare_data(config(raw, "csv", file="texts.csv"))


def test_equal_texts_of_two_classes_are_told(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(raw, [*rows(), ("le renard 1", "german")])
    prepare_data(config(raw, "csv", file="texts.csv"))
    said = capsys.readouterr().err
    assert "1 text has the content of a text of another class" in said
    assert "texts.csv, line 23" in said


BAD = {
    "empty": (" \n ", "line 2: the text is empty"),
    "large": ("x" * (LARGEST + 1), "line 2: the text has 1,000,001 bytes, and 1,000,000 are"),
}


@pytest.mark.parametrize(("text", "what"), BAD.values(), ids=BAD)
def test_a_text_that_cannot_be_used_is_named_counted_and_listed(
    raw: Path, text: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(raw, [(text, "english"), *rows()])
    with pytest.raises(UserError, match=what):
        prepare_data(config(raw, "csv", file="texts.csv"))
    assert not Path("prepared").exists()
    prepare_data(config(raw, "csv", file="texts.csv", max_bad_share=0.04))
    assert "1 entry is left out, first line 2: the text" in capsys.readouterr().err
    assert read_csv(Path("prepared-left-out.csv"))[0]["where"] == "line 2"


def test_a_file_of_fifty_megabytes_is_left_out_without_being_read(raw: Path) -> None:
    (raw / "english").mkdir()
    for n, (text, label) in enumerate(rows()):
        (raw / label).mkdir(exist_ok=True)
        (raw / label / f"{n}.txt").write_text(text)
    with (raw / "english/large.txt").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(UserError, match=r"english/large.txt: the text has 50,000,000 bytes"):
        prepare_data(config(raw, "folders"))


@pytest.mark.parametrize("form", ["csv", "folders"])
def test_a_wrong_encoding_is_named_with_its_line(raw: Path, form: str) -> None:
    lines = [f"{text},{label}\n" for text, label in rows()]
    lines[20] = "Fuchs größer,german\n"
    (raw / "texts.csv").write_bytes("".join(["text,class\n", *lines]).encode("cp1252"))
    for _, label in rows():
        (raw / label).mkdir(exist_ok=True)
        (raw / label / "a.txt").write_bytes("first\nsecond größer\n".encode("cp1252"))
    line = 22 if form == "csv" else 2
    keys = {"file": "texts.csv"} if form == "csv" else {}
    with pytest.raises(UserError, match=rf"line {line} is not text in utf-8 .*perhaps cp1252"):
        prepare_data(config(raw, form, **keys))
    if form == "csv":
        prepare_data(config(raw, form, encoding="cp1252", **keys))


def test_utf_16_read_as_utf_8_is_told(raw: Path) -> None:
    (raw / "texts.csv").write_text("text,class\na,b\n", encoding="utf-16-le")
    with pytest.raises(UserError, match=r"line 1 is not text in utf-8 \(it has a NUL.*utf-16"):
        prepare_data(config(raw, "csv", file="texts.csv"))


ROWS = [
    ('text,class\nfox,"english\n', "line 2: not a CSV from here on"),
    ("body,class\nfox,english\n", "has no column 'text', only 'body', 'class'; correct data.col"),
    ("text,text,class\na,b,c\n", "2 columns are called 'text'"),
    ("text,class\n", "has no usable text"),
    ("text,class\nfox\n", "line 2: it has 1 cells, expected 2"),
    ("text,class\nfox,\n", "line 2: it has no class"),
    ("text,class,split\nfox,english,some\n", "split is 'some', expected train, validation, test"),
    ('{"text": 3, "class": "a"}', "line 1: the text is 3, not a text"),
    ('{"text": "a"}', "line 1: it has no 'class'"),
    ('{"text": "a", "class": 0.5}', "line 1: the class is 0.5"),
    ('{"text": "\\ud800", "class": "a"}', "line 1: the text has half a character"),
    ("[1]", "line 1: not an object of JSON"),
    ("{", "line 1: not valid JSON"),
]


@pytest.mark.parametrize(("content", "what"), ROWS)
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_table_that_cannot_be_used_is_one_sentence(
    raw: Path, content: str, what: str, *, dry_run: bool
) -> None:
    form = "jsonl" if content[0] in "[{" else "csv"
    (raw / f"texts.{form}").write_text(content)
    with pytest.raises(UserError) as error:
        prepare_data(config(raw, form, file=f"texts.{form}"), dry_run=dry_run)
    assert what in str(error.value)
    assert "\n" not in str(error.value)
    assert not Path("prepared").exists()


def test_a_missing_folder_or_file_is_one_sentence() -> None:
    with pytest.raises(UserError, match=r"absent is not a folder; correct data\.root"):
        prepare_data(config(Path("absent"), "folders"))
    with pytest.raises(
        UserError, match=r"raw/a.csv is not a file; correct data.root and data.file"
    ):
        prepare_data(config(Path("raw"), "csv", file="a.csv"))


KEYS: list[tuple[str, dict[str, Any], str]] = [
    ("folders", {"file": "a.csv"}, "file is for format csv or jsonl, not for folders; drop it"),
    ("csv", {}, "file is missing: with format csv it names the table"),
    ("csv", {"columns": {"txt": "a"}}, "'txt' is not known; allowed are text, class, labels"),
    ("csv", {"columns": {"class": "a", "labels": "b"}}, "one class, or several labels"),
    ("jsonl", {"file": "a", "columns": {"text": 1}}, "columns.text is a position"),
    ("csv", {"file": "a", "columns": {"text": 1}, "group_column": "b"}, "mix names and positions"),
    ("csv", {"file": "../a"}, "lies outside data.root"),
    ("jsonl", {"file": "a", "delimiter": ";"}, "delimiter is for format csv, not for jsonl"),
]


@pytest.mark.parametrize(("form", "keys", "what"), KEYS)
def test_keys_that_do_not_fit_are_refused(form: str, keys: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        config(Path("raw"), form, **keys)
