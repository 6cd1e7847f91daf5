"""`modelyard adopt` of texts: where they are, how they are written, what their columns are for."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from modelyard.adopting.kinds import Source, Understood, kind_of
from modelyard.adopting.sections import nested
from modelyard.config.data_section import TextData
from modelyard.errors import UserError

from .laid_out import CLASSES, class_folders, table

Layout = Callable[[Path], object]
Keys = dict[str, Any]
ROOT = Path("data/raw/mine")
SHARED = {"splits": {"train": 0.7, "validation": 0.15, "test": 0.15}, "seed": 42}
OLD = TextData.model_validate(
    {"task": "text_classification", "root": "data/raw/a", "format": "folders", "ngrams": 2,
     "processed": "data/processed/a", **SHARED}
)  # fmt: skip
KEPT = {
    "task": "text_classification", "root": "data/raw/mine", "processed": "data/processed/mine",
    "max_tokens": 16, **SHARED,
}  # fmt: skip
CSV = {"format": "csv", "file": "all.csv"}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(count: int = 20, first: int = 0) -> list[tuple[str, str]]:
    """Return a text that no other is equal to, and its class."""
    return [(f"Der {CLASSES[n % 2]} ist hübsch, {n}", CLASSES[n % 2])
            for n in range(first, first + count)]  # fmt: skip


def adopt(*, file: str = "", **asked: Any) -> Understood:
    wanted = {key.replace("__", "."): value for key, value in asked.items()}
    return kind_of(OLD).understand(Source(ROOT, ROOT, file), OLD, nested(wanted), wanted)


def folders(root: Path, encoding: str = "utf-8", count: int = 20, first: int = 0) -> None:
    for n, (text, label) in enumerate(rows(count, first)):
        (root / label).mkdir(parents=True, exist_ok=True)
        (root / label / f"{n}.txt").write_text(text, encoding=encoding)


def wrapped_splits(root: Path) -> None:
    folders(root / "corpus/train", "cp1252", 20)
    folders(root / "corpus/test", "cp1252", 6, 20)
    (root / "corpus/README").write_text("About it.")


def with_header(root: Path) -> None:
    body = [(n, text, label) for n, (text, label) in enumerate(rows())]
    table(root / "all.csv", [("nr", "Rezension", "Sterne"), *quoted(body)], ";", encoding="utf-16")


def quoted(body: Iterable[tuple[Any, ...]]) -> list[list[str]]:
    """Return rows of which every cell stands in quotes, and texts have two lines."""
    return [['"{}"'.format(str(cell).replace(",", ",\n")) for cell in row] for row in body]


def without_header(root: Path) -> None:
    table(root / "all.tsv", [(label, text) for text, label in rows()], "\t")


def split_and_group(root: Path) -> None:
    body = [(f"t{n // 2}", ("train", "dev")[n > 29], *row) for n, row in enumerate(rows(40))]
    table(root / "all.csv", [("author", "fold", "text", "label"), *quoted(body)])


def spam(root: Path) -> None:
    body = [
        (label, text, "ab"[n % 2] if n < 4 else "", "") for n, (text, label) in enumerate(rows(40))
    ]
    table(root / "all.csv", [("v1", "v2", "", ""), *quoted(body)], encoding="cp1252")


def json_lines(root: Path) -> None:
    root.mkdir(parents=True)
    for first, (split, count) in enumerate((("train", 20), ("val", 8), ("test", 10))):
        lines = [{"sentence": text, "label": CLASSES.index(label), "spans": [1]}
                 for text, label in rows(count, 100 * first)]  # fmt: skip
        (root / f"{split}.jsonl").write_text("\n".join(map(json.dumps, lines)))


def chinese(root: Path) -> None:
    signs = [chr(0x4E00 + n) * 30 for n in range(20)]
    body = [(one, CLASSES[n % 2]) for n, one in enumerate(signs)]
    table(root / "all.csv", [("text", "class"), *body], encoding="utf-8-sig")


SEEN: dict[str, tuple[Layout, Keys]] = {
    "one folder per class": (folders, {"format": "folders"}),
    "folders of splits in a folder": (
        wrapped_splits,
        {"format": "folders", "encoding": "cp1252", "root": "data/raw/mine/corpus",
         "processed": "data/processed/corpus"}),
    "any header, lines in texts, utf-16": (
        with_header, {**CSV, "columns": {"text": "Rezension", "class": "Sterne"},
                      "delimiter": ";", "encoding": "utf-16"}),
    "no header": (without_header, {"format": "csv", "file": "all.tsv", "delimiter": "\t",
                                   "columns": {"text": 2, "class": 1}}),
    "a split and a group": (
        split_and_group, {**CSV, "columns": {"class": "label"}, "split_column": "fold",
                          "group_column": "author"}),
    "columns without names": (
        spam, {**CSV, "columns": {"text": "v2", "class": "v1"}, "encoding": "cp1252"}),
    "JSON lines for each split": (
        json_lines,
        {"format": "jsonl", "columns": {"text": "sentence", "class": "label"},
         "file": {"train": "train.jsonl", "validation": "val.jsonl", "test": "test.jsonl"}}),
    "no words": (chinese, {**CSV, "tokens": "characters", "standardize": "none", "max_tokens": 32,
                           "vocabulary_size": 5000}),
}  # fmt: skip


@pytest.mark.parametrize("layout", SEEN)
def test_texts_are_recognized(layout: str) -> None:
    write, keys = SEEN[layout]
    write(ROOT)
    assert adopt().data == KEPT | keys


def test_texts_are_prepared_as_they_will_be() -> None:
    json_lines(ROOT)
    found = adopt()
    assert (found.head, found.train) == ("class", 20)
    assert found.hyperparams == {"window": (3, (1, 2, 3))}
    said = "\n".join(found.lines)
    assert "a file for each split: train.jsonl, val.jsonl, test.jsonl; sentence is the te" in said
    assert "  splits      given: train 20, validation 8, test 10" in said
    assert "the first 16 words of a text (data.max_tokens)" in said
    assert [*Path().iterdir()] == [Path("data")], "the trial leaves nothing"


def test_what_cannot_be_used_is_counted_and_repeated_texts_are_named() -> None:
    for split in ("train", "test"):
        folders(ROOT / split)
    (ROOT / "train/cat/empty.txt").write_text("")
    found = adopt()
    assert found.data["max_bad_share"] == 0.025
    said = "\n".join(found.lines)
    assert "1 of 41 texts cannot be used and are left out (data.max_bad_share: 0.025)" in said
    assert "first train/cat/empty.txt: the text is empty" in said
    assert "decide data.max_duplicate_share (0.01 now, " in said


def test_a_bad_line_of_a_split_is_named_with_its_file() -> None:
    json_lines(ROOT)
    with (ROOT / "val.jsonl").open("a") as file:
        file.write('\n{"sentence": "", "label": 1}\n')
    said = "\n".join(adopt().lines)
    assert "1 of 39 texts cannot be used" in said
    assert "first val.jsonl, line 9: the text is empty" in said


def test_mixed_encodings_are_named() -> None:
    folders(ROOT)
    (ROOT / "cat/0.txt").write_text("Ein hübscher", encoding="cp1252")
    assert "files are in several encodings (utf-8 19, cp1252 1), and read as utf-8" in "\n".join(
        adopt().lines
    )


def test_a_class_that_is_not_clear_is_asked_for() -> None:
    body = [(text, label, n % 3) for n, (text, label) in enumerate(rows())]
    table(ROOT / "all.csv", [("text", "this", "that"), *quoted(body)])
    with pytest.raises(UserError, match=r"all\.csv: its class may be this or that; add columns\.c"):
        adopt()
    found = adopt(columns__class="that", tokens="characters")
    assert found.data["columns"] == {"class": "that"}
    assert found.data["tokens"] == "characters"
    assert found.hyperparams == {}


def test_several_labels_can_be_asked_for() -> None:
    body = [(text, f"{label};pet") for text, label in rows()]
    table(ROOT / "all.csv", [("text", "tags"), *quoted(body)])
    found = adopt(columns__labels="tags")
    assert (found.head, found.data["columns"]) == ("labels", {"labels": "tags"})


def test_several_labels_are_recognized() -> None:
    lines = [
        {"text": text, "tags": [label, "pet"][: n % 3]} for n, (text, label) in enumerate(rows())
    ]
    ROOT.mkdir(parents=True)
    (ROOT / "all.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = adopt()
    assert (found.head, found.data["columns"]) == ("labels", {"labels": "tags"})
    assert "all.jsonl; text is the text, tags its labels" in found.lines[0]
    assert "pet  6" in "\n".join(found.lines)


def test_a_file_is_adopted_alone() -> None:
    json_lines(ROOT)
    assert adopt(file="test.jsonl").data["file"] == "test.jsonl"


def numbers(root: Path) -> None:
    table(root / "all.csv", [("size", "kind"), *((n / 7, "ab"[n % 2]) for n in range(20))])


REFUSED: dict[str, tuple[Layout, Keys, str]] = {
    "images": (class_folders, {}, "data/raw/mine has no text (folders of files by class, CSV, TSV, "
                                  "JSON lines); its files are 12 images; data.task in config.yaml "
                                  "is text_classification: bake a project with the task image_cl"),
    "a table": (numbers, {}, "data/raw/mine/all.csv is a table without texts; data.task in "
                             "config.yaml is text_classification: bake a project with the task "
                             "tabular."),
    "one class": (lambda root: folders(root / "x", count=1), {}, "has no text (folders"),
    "unknown column": (
        with_header, {"columns__text": "Review"},
        "all.csv has no texts in the columns Review; its columns are nr, Rezension, Sterne."),
    "splits twice": (
        json_lines, {"split_column": "spans"}, "file and split_column both say which split a text"),
    "unknown encoding": (folders, {"encoding": "klingon"}, "encoding is 'klingon': not an encod"),
    "no such file": (folders, {"file": "b.csv"}, "data/raw/mine/b.csv is not a file; name a table"),
    "unknown key": (folders, {"encodin": "utf-8"}, "encodin is not a known key (did you mea"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_adopted_is_refused_in_a_sentence(case: str) -> None:
    write, asked, said = REFUSED[case]
    write(ROOT)
    with pytest.raises(UserError) as error:
        adopt(**asked)
    assert said in str(error.value)


def test_rows_that_are_sorted_are_seen_to_their_end() -> None:
    body = [(text, "cat" if n < 2500 else "dog", ("train", "test")[n > 2900])
            for n, (text, _) in enumerate(rows(3000))]  # fmt: skip
    table(ROOT / "all.csv", [("text", "label", "split"), *quoted(body)])
    found = adopt()
    assert found.data["columns"] == {"class": "label"}
    said = "\n".join(found.lines)
    assert "dog  500 (" in said
    assert "test 99; drawn from train: validation" in said
    assert (
        "no text shows 'cat' in test; nothing can be measured of a class there: add texts" in said
    )
