"""Tables that cannot be used as they are: one sentence each, or a stated handling."""

import sys
from pathlib import Path

import pytest

from modelyard.data.manifest import read_manifest
from modelyard.errors import UserError
from modelyard.files import read_csv

from .tabled import FILE, PROCESSED, people, prepared, write_table

YES = ("no", "yes")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FILE.parent.mkdir()


def refused(**keys: object) -> str:
    with pytest.raises(UserError) as caught:
        prepared(**keys)
    assert not PROCESSED.exists()
    return str(caught.value)


def text(content: str | bytes) -> None:
    FILE.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "raw/people.csv is empty; add a header"),
        ("age,buys\n", "raw/people.csv has no row below its header"),
        ("age,age,buys\n1,2,no\n", "2 columns are called 'age'; rename them"),
        ("age;buys\n1;no\n", "is one column; set data.delimiter in config.yaml, perhaps to ';'"),
        ("1,2\n3,4\n", "its first line, '1,2', holds values; put a line with the names"),
        ("age,bys\n1,no\n", "has no column 'buys' (did you mean 'bys'?); correct data.target"),
        ("age,buys\n1,\n2,NA\n", "all values of the target 'buys' are missing"),
        ("age,buys\n1,no\n2,no\n", "every example has the target 'no'"),
        ("x,buys\n5,no\n5,yes\n", "no column to learn from besides 'buys'; x is left out: it is"),
        ('age,buys\n1,no\n"2,yes\n' + "3,no\n" * 300_000, "after line 2 is longer than 1,048,576"),
        (b"age,buys\n1,no\n2,caf\xe9\n", "line 3, is not text in utf-8 (invalid continuation"),
        ("age,buys\n1,no\n".encode("utf-16"), "perhaps utf-16"),
        ("age,buys\n1,n\0o\n", "line 2: is not text in utf-8, as it holds a NUL"),
        ("when,buys\n2024-01-05,no\n05.01.2024,yes\n",
         "when has dates in two formats, such as '2024-01-05' on line 2 and '05.01.2024' on line 3;"
         " write all of them in one, or read them as text in config.yaml: data.columns: {when: "
         "category}"),
        ("when,buys\n01/02/2024,no\n03/04/2024,yes\n",
         "may be '%d/%m/%Y' (31/12/2024) and '%m/%d/%Y' (12/31/2024); set data.date_format"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(content: str | bytes, said: str) -> None:
    text(content)
    found = refused()
    assert said in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["1", "2"], "2 cells, expected 6"),
        (["", "Rome", "yes", "2001-01-01", "", "1"], "the target buys is missing"),
        (["old", "Rome", "yes", "2001-01-01", "no", "1"], "age is 'old', which is not a number"),
        (["1", "Rome", "yes", "1.1.2001", "no", "1"],
         "since is '1.1.2001', which is not a date such as 2024-12-31"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_named_with_its_line(
    row: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = people(80)
    rows[6:6] = [row]
    write_table(rows)
    keys: dict[str, object] = {"columns": {"spent": "ignore"}}
    assert refused(**keys) == f"raw/people.csv, line 8: {said}; mend or drop it."
    prepared(max_bad_share=0.02, **keys)
    assert sum(read_manifest(PROCESSED).examples.values()) == 80
    listed = read_csv(Path("data/people-left-out.csv"), ("where", "what"))
    assert listed == [{"where": "line 8", "what": said}]
    assert "1 entry is left out, first line 8" in capsys.readouterr().err


def test_a_split_that_is_none_is_a_bad_row() -> None:
    write_table([["1", "no", "train"], ["2", "yes", "later"]], ("age", "buys", "split"))
    assert "line 3: split is 'later', expected train, validation, test" in refused(
        split_column="split"
    )


def test_a_column_that_gives_the_target_away_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        [str(n % 7), f"{n % 2 * 50 + n / 9:.2f}", "AB"[n % 2], f"id{n}", str(n), YES[n % 2]]
        for n in range(100)
    ]
    write_table(rows, ("innocent", "threshold", "code", "name", "number", "buys"))
    prepared()
    said = capsys.readouterr().err
    assert "column 'code' gives the target away: its value tells the class of 100.0% of" in said
    assert "column 'threshold' gives the target away: whether it is above" in said
    assert "column 'name' has 60 different values in 60 rows: it looks like an identifier" in said
    assert "column 'number' counts the rows: it looks like an identifier" in said
    assert "set data.columns: {code: ignore} in config.yaml" in said
    assert "innocent" not in said


def test_a_number_that_is_the_target_in_another_unit_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [[f"{n * n % 91}", f"{n * n % 91}", f"{(n * n % 91) * 2.54:.2f}", f"{n % 5}"]
            for n in range(80)]  # fmt: skip
    write_table(rows, ("buys", "same", "inches", "innocent"))
    prepared()
    said = capsys.readouterr().err
    assert "column 'same' gives the target away: it is equal to it in 100.0% of the" in said
    assert "column 'inches' gives the target away: its correlation with it is 1.0000" in said
    assert "innocent" not in said


def test_columns_without_a_name_and_excel_s_hint_are_taken_for_what_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = "".join(f"{n};{n / 3:.2f};{YES[n % 2]}\n" for n in range(40))
    text("\ufeffsep=;\n;size;buys\n" + rows + ";;\n\n")
    assert [*prepared(delimiter=";")] == ["size"]
    assert "column 'column 1' is left out: it has no name" in capsys.readouterr().out


def test_decimal_commas_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    text("size;buys\n" + "".join(f"{n},5;{YES[n % 2]}\n" for n in range(30)))
    assert prepared(delimiter=";")["size"]["type"] == "category"
    assert "column 'size' holds numbers with a decimal comma" in capsys.readouterr().out


def test_a_key_that_would_be_ignored_is_refused() -> None:
    write_table(people())
    for keys, said in (
        ({"columns": {"agee": "number"}}, "no column 'agee' (did you mean 'age'?); correct"),
        ({"group_column": "household"}, "no column 'household'; correct data.group_column"),
        ({"file": "other.csv"}, "raw/other.csv does not exist; correct data.root and data.file"),
        ({"encoding": "utf-32"}, "is not text in utf-32"),
    ):
        assert said in refused(**keys)
    for keys, said in (
        ({"columns": {"age": "numeric"}}, "age is 'numeric'; write number, category, boolean"),
        ({"columns": {"buys": "number"}}, "columns names 'buys', which is the target"),
        ({"split_column": "buys"}, "target and split_column are both 'buys'"),
        ({"file": "../people.csv"}, "lies outside data.root"),
        ({"date_format": "dd.mm.yyyy"}, "must be written as Python does"),
    ):
        with pytest.raises(ValueError, match=said.replace("(", r"\(")):
            prepared(**keys)


def test_parquet_is_read_by_its_types() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from datetime import date, datetime

    from pyarrow import parquet

    columns = {
        "size": [1.5, None, 3.0] * 20,
        "zip": ["1067", "0815", None] * 20,
        "when": [date(2024, 1, 1 + n % 28) for n in range(60)],
        "at": [datetime(2024, 1, 1, n % 24) for n in range(60)],
        "member": [True, False, None] * 20,
        "buys": [YES[n // 3 % 2] for n in range(60)],
    }
    parquet.write_table(pyarrow.table(columns), "raw/people.parquet")
    found = prepared(file="people.parquet")
    kinds = {name: (one["type"], one["missing"]) for name, one in found.items()}
    assert kinds == {"size": ("number", True), "zip": ("category", True), "when": ("date", False),
                     "at": ("date", False), "member": ("boolean", True)}  # fmt: skip
    assert read_csv(PROCESSED / "test.csv")[0]["path"].startswith("people.parquet, row ")
    parquet.write_table(pyarrow.table({"x": [[1]], "buys": ["no"]}), "raw/nested.parquet")
    with pytest.raises(UserError, match="the column 'x' holds list<"):
        prepared(file="nested.parquet")


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("raw/people.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "needs pyarrow; add tables to the extras of modelyard" in refused(file="people.parquet")


def test_a_damaged_parquet_file_is_one_sentence() -> None:
    pytest.importorskip("pyarrow")
    Path("raw/people.parquet").write_bytes(b"PAR1 and then nothing")
    assert "raw/people.parquet cannot be read as Parquet" in refused(file="people.parquet")


def test_ten_columns_of_many_categories_are_prepared(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"c{n}" for n in range(10)]
    rows = ([*(f"{name}{n % 900}" for name in names), YES[n % 2]] for n in range(2000))
    write_table(rows, (*names, "buys"))
    found = prepared(max_duplicate_share=1.0)
    assert {len(one["values"]) for one in found.values()} == {100}
    assert read_manifest(PROCESSED).encoded["features"].shape == (10 * 101,)
    assert capsys.readouterr().err.count("models tell the 100 most frequent apart") == 10
