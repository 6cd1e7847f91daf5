"""`modelyard adopt` of a table: the file, its target, and what else its columns are for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.adopting.kinds import Source, Understood, kind_of
from modelyard.adopting.sections import nested
from modelyard.config.data_section import CustomData, TableData
from modelyard.errors import UserError

from .laid_out import images, table

Layout = Callable[[Path], object]
Keys = dict[str, Any]
ROOT = Path("data/raw/mine")
SHARED = {"splits": {"train": 0.7, "validation": 0.15, "test": 0.15}, "seed": 42}
OLD = TableData.model_validate(
    {"task": "tabular", "root": "data/raw/a", "file": "a.csv", "target": "t",
     "processed": "data/processed/a", "max_categories": 7, **SHARED}
)  # fmt: skip
KEPT = {"task": "tabular", "root": "data/raw/mine", "processed": "data/processed/mine", **SHARED}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(count: int = 40) -> list[list[Any]]:
    """Return a number, a category, and a class with both values in every place."""
    return [[n * 37 % 101 / 8, "abc"[n % 3], ("no", "yes")[n % 2]] for n in range(count)]


def adopt(*asked: str, file: str = "") -> Understood:
    found: dict[str, Any] = dict(one.split("=") for one in asked)
    wanted = {key: None if value == "null" else value for key, value in found.items()}
    source = Source(ROOT, ROOT, file)
    return kind_of(OLD).understand(source, OLD, nested(wanted), wanted)


def one_table(root: Path) -> None:
    table(root / "all.csv", [("size", "kind", "bought"), *rows()])


def german(root: Path) -> None:
    body = [(n, a, b, 5 * a) for n, (a, b, _) in enumerate(rows())]
    table(root / "häuser.csv", [("id", "Größe", "Ort", "SalePrice"), *body], ";", encoding="cp1252")


def competition(root: Path) -> None:
    table(root / "train.csv", [("CaseId", "survived", "sex", "age"),
                               *((n, c, b, a) for n, (a, b, c) in enumerate(rows()))])  # fmt: skip
    table(root / "test.csv", [("CaseId", "sex", "age"),
                              *((n, b, a) for n, (a, b, _) in enumerate(rows(80)))])  # fmt: skip
    table(root / "sample_submission.csv", [("CaseId", "survived"), *((n, "no") for n in range(80))])


def split_files(root: Path) -> None:
    for split, count in (("train", 30), ("valid", 10), ("test", 12)):
        table(root / f"{split}.tsv", [("x", "y", "label"), *rows(count)], "\t")


def split_and_group(root: Path) -> None:
    body = [(("train", "test")[n // 30], n // 2, *row) for n, row in enumerate(rows())]
    table(root / "all.csv", [("set", "patient_id", "a", "b", "outcome"), *body])


def utf_16(root: Path) -> None:
    table(root / "all.csv", [("a", "b", "class"), *rows()], encoding="utf-16")


SEEN: dict[str, tuple[Layout, Keys]] = {
    "the last column": (one_table, {"file": "all.csv", "target": "bought"}),
    "another delimiter, encoding and an id": (
        german,
        {"file": "häuser.csv", "target": "SalePrice", "delimiter": ";", "encoding": "cp1252",
         "columns": {"id": "ignore"}}),
    "a competition": (
        competition, {"file": "train.csv", "target": "survived", "columns": {"CaseId": "ignore"}}),
    "a file for each split": (
        split_files,
        {"file": {"train": "train.tsv", "validation": "valid.tsv", "test": "test.tsv"},
         "target": "label"}),
    "a split and a group": (
        split_and_group,
        {"file": "all.csv", "target": "outcome", "split_column": "set",
         "group_column": "patient_id"}),
    "utf-16": (utf_16, {"file": "all.csv", "target": "class", "encoding": "utf-16"}),
}  # fmt: skip


@pytest.mark.parametrize("layout", SEEN)
def test_a_table_is_recognized(layout: str) -> None:
    write, keys = SEEN[layout]
    write(ROOT)
    assert adopt().data == KEPT | keys


def test_rows_are_prepared_as_they_will_be() -> None:
    split_files(ROOT)
    found = adopt()
    assert (found.head, found.train) == ("class", 30)
    said = "\n".join(found.lines)
    assert "data/raw/mine: a table for each split: train.tsv, valid.tsv, test.tsv" in said
    assert "  splits      given: train 30, validation 10, test 12" in said
    assert "  classes     2 (train, validation, test)\n                no   26 (15, 5, 6)" in said
    assert [*Path().iterdir()] == [Path("data")], "the trial leaves nothing"
    assert [*Path("data").iterdir()] == [Path("data/raw")]


def test_a_bad_row_of_a_split_is_named_with_its_file() -> None:
    split_files(ROOT)
    with (ROOT / "valid.tsv").open("a") as file:
        file.write("a number\tb\tno\n")
    said = "\n".join(adopt().lines)
    assert "1 of 53 rows cannot be used" in said
    assert "first valid.tsv, line 12: x is 'a number', which is not a number" in said


def test_a_number_is_told_from_a_class_and_a_bad_row_is_counted() -> None:
    german(ROOT)
    with (ROOT / "häuser.csv").open("a", encoding="cp1252") as file:
        file.write("40;1.5;c\n")
    found = adopt()
    assert (found.head, found.data["max_bad_share"]) == ("number", 0.025)
    said = "\n".join(found.lines)
    assert "SalePrice, a number: by its name; another one by target=NAME" in said
    assert (
        "1 of 41 rows cannot be used and are left out (data.max_bad_share: 0.025), first " in said
    )
    assert "models do not see id (data.columns)" in said


def test_keys_that_were_given_beat_what_was_seen() -> None:
    german(ROOT)
    found = adopt("data.target=Ort", "columns.Größe=category")
    assert found.head == "class"
    assert found.data["target"] == "Ort"
    assert found.data["columns"] == {"id": "ignore", "Größe": "category"}


def test_groups_that_given_splits_divide_are_named() -> None:
    body = [(("train", "train", "test")[n % 3], n // 2, *row) for n, row in enumerate(rows())]
    table(ROOT / "all.csv", [("set", "user", "a", "b", "outcome"), *body])
    found = adopt()
    assert "group_column" not in found.data
    assert "the splits that are given divide those of one user" in "\n".join(found.lines)
    assert adopt("split_column=null").data["group_column"] == "user"


def test_parquet_is_recognized() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    ROOT.mkdir(parents=True)
    columns = dict(zip(("size", "kind", "target"), zip(*rows(), strict=True), strict=True))
    parquet.write_table(pyarrow.table(columns), ROOT / "all.parquet")
    assert adopt().data == KEPT | {"file": "all.parquet", "target": "target"}


def texts(root: Path) -> None:
    for label in ("a", "b"):
        (root / label).mkdir(parents=True)
        (root / label / "1.txt").write_text("text")


def dates(root: Path) -> None:
    table(root / "all.csv", [("size", "day"), *((n, f"2024-01-{n:02}") for n in range(10, 30))])


def two_targets(root: Path) -> None:
    table(root / "all.csv", [("target", "label", "size"), *(row[::-1] for row in rows())])


def points(root: Path) -> None:
    table(root / "all.csv", [("x", "y", "colour"), *rows()])


def other_columns(root: Path) -> None:
    split_files(root)
    table(root / "valid.tsv", [("x", "z", "label"), *rows(10)], "\t")


def named_images(root: Path) -> None:
    table(root / "all.csv", [("file", "class"), *((name, "a") for name in images(root, 3))])


def two_formats(root: Path) -> None:
    body = [(f"2024-01-{n:02}" if n % 2 else f"{n:02}.01.2024", "aab"[n % 3]) for n in range(1, 29)]
    table(root / "all.csv", [("day", "class"), *body])


def nothing_in_it(root: Path) -> None:
    table(root / "all.csv", [])


REFUSED: dict[str, tuple[Layout, list[str], str]] = {
    "texts": (texts, [], "data/raw/mine has no table (CSV, TSV or Parquet); its files are 2 .txt; "
                         "data.task in config.yaml is tabular: bake a project with the task "
                         "text_classification."),
    "images": (named_images, [], "all.csv names images; data.task in config.yaml is tabular: bake "
                                 "a project with the task image_classification."),
    "nothing in it": (nothing_in_it, [], "all.csv is empty, or not a table; save it as CSV"),
    "no rows": (lambda root: table(root / "a.csv", [("a", "b")]), [], "has no row below its head"),
    "two formats": (two_formats, [], "read them as text in config.yaml: data.columns: {day: "
                                     "category}. Here such a key stands behind the folder, as KEY"),
    "unknown encoding": (one_table, ["encoding=klingon"], "encoding is 'klingon': not an encoding"),
    "unknown delimiter": (one_table, ["delimiter=;;"], "delimiter is ';;': must be one character"),
    "no target": (dates, [], "all.csv: nothing says which column is to be predicted; its columns "
                             "are size, day; add target=NAME, or another."),
    "two targets": (two_targets, [], "its target may be target or label; add target=target, or"),
    "unknown target": (one_table, ["target=bougt"], "has no column 'bougt' (did you mean 'bought'"),
    "unknown key": (one_table, ["taget=size"], "taget is not a known key (did you mean 'target'"),
    "splits twice": (
        split_files, ["split_column=x"], "file and split_column both say which split a row is in"),
    "unknown type": (one_table, ["columns.size=text"], "size is 'text'; write number, category"),
    "other columns": (
        other_columns, ["file={train: train.tsv, validation: valid.tsv}"],
        "valid.tsv and data/raw/mine/train.tsv have other columns: y, z, in one of them alone"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_adopted_is_refused_in_a_sentence(case: str) -> None:
    from modelyard.config.loading import parse_overrides

    write, asked, said = REFUSED[case]
    write(ROOT)
    wanted = parse_overrides(asked)
    with pytest.raises(UserError) as error:
        kind_of(OLD).understand(Source(ROOT, ROOT), OLD, nested(wanted), wanted)
    assert said in str(error.value)


def test_x_and_y_are_a_point() -> None:
    points(ROOT)
    assert adopt().data["target"] == "colour"


def test_a_file_is_adopted_alone() -> None:
    competition(ROOT)
    assert adopt("target=age", file="test.csv").data["file"] == "test.csv"


def test_a_team_with_code_of_its_own_adopts_nothing() -> None:
    own = CustomData.model_validate(
        {"task": "custom", "root": "data/raw/a", "processed": "data/processed/a", **SHARED}
    )
    with pytest.raises(UserError, match=r"data\.task is 'custom': the team's own code reads"):
        kind_of(own)
