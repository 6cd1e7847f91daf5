"""Rows that a model is asked about: in files, and in requests."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.data.manifest import read_manifest
from modelyard.errors import UserError
from modelyard.tasks.kinds import Given, Kind, kind_of

from .tabled import PROCESSED, people, prepared, write_table

ROW = {"age": 33.5, "city": "Rome", "member": True, "since": "2010-01-01"}
HEADER = ("age", "city", "member", "since")


@pytest.fixture(scope="module", name="kind")
def _kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kind]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("table"))
        write_table(people())
        prepared(columns={"spent": "ignore"})
        manifest = read_manifest(PROCESSED)
        kind = kind_of(manifest)
        yield kind_of({"input": kind.described()})  # as whoever only predicts knows it


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(kind: Kind, *names: str) -> list[Given]:
    return list(kind.read(kind.find([Path(name) for name in names])))


def body(**changed: Any) -> bytes:
    return json.dumps({k: v for k, v in (ROW | changed).items() if v != "absent"}).encode()


def test_a_row_of_a_file_and_a_request_are_the_same_to_a_model(kind: Kind) -> None:
    write_table([["33.5", " Rome", "YES", "2010-01-01"]], HEADER, Path("rows.csv"))
    Path("rows.jsonl").write_bytes(body())
    given = [*read(kind, "rows.csv", "rows.jsonl"), kind.decode(body(), "application/json")]
    assert [one.where for one in given] == [
        {"path": "rows.csv", "row": 1},
        {"path": "rows.jsonl", "row": 1},
        {},
    ]
    for one in given:
        assert one.values["numbers"].tolist() == [33.5, 1, 14610]
        assert one.values["categories"].tolist() == ["Rome"]
    batch = kind.batch(given)
    assert isinstance(batch, dict)
    assert (batch["numbers"].shape, str(batch["numbers"].dtype)) == ((3, 3), "float64")
    assert batch["categories"].tolist() == [[b"Rome"]] * 3


def test_parquet_rows_are_read_by_their_names(kind: Kind) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from datetime import date

    from pyarrow import parquet

    columns = {"since": [date(2010, 1, 1)], "city": ["Rome"], "age": [33.5], "member": [True]}
    parquet.write_table(pyarrow.table(columns), "rows.parquet")
    assert read(kind, "rows.parquet")[0].values["numbers"].tolist() == [33.5, 1, 14610]


def test_what_a_row_lacks_is_said(kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        ["old", "Rome", "yes", "2010-01-01"],
        ["", "Milan", "no", "2010-01-01"],
        ["1", "Rome", "", "2010-01-01"],
        ["1", "Rome", "perhaps", "2010-01-01"],
        ["1", "Rome", "no", "1.1.2010"],
        ["1", "Rome"],
    ]
    write_table([[*row, "x"] for row in rows], (*HEADER, "note"), Path("rows.csv"))
    found = kind.find([Path("rows.csv")])
    given = list(kind.read(found))
    assert [one.where["row"] for one in given] == [2]
    assert found.skipped == 5
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "note: rows.csv: the column note is not used.",
        "warning: skipped: rows.csv, row 1: age is 'old', which is not a number.",
        "warning: skipped: rows.csv, row 3: member is missing, which it was in no training row.",
        "warning: skipped: rows.csv, row 4: member is 'perhaps', which is neither true nor false.",
        "warning: skipped: rows.csv, row 5: since is '1.1.2010', which is not a date such as "
        "2024-12-31.",
        "warning: skipped: rows.csv, row 6: it has 3 cells, but the header has 5.",
        "note: rows.csv: in 1 row city is a category that was not learned.",
    ]


def test_a_missing_column_is_named_once(kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    write_table([["1", "Rome"]] * 3, ("age", "city"), Path("lacking.csv"))
    write_table([["yes", "2010-01-01"]] * 3, ("member", "since"), Path("rows.csv"))
    assert len(read(kind, "lacking.csv", "rows.csv")) == 3
    assert capsys.readouterr().err.splitlines() == [
        "warning: skipped: lacking.csv lacks the columns member, since.",
        "note: rows.csv lacks age, city, taken as missing, which it was in training rows, too.",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"age": "old"}, "age is 'old', which is not a number: send"),
        ({"age": [1]}, "age is a list, which is not a number: send"),
        ({"member": None}, "member is missing, which it was in no training row: send"),
        ({"member": "absent"}, "The JSON lacks the key 'member': send"),
        ({"cty": 1}, "The JSON has the unknown key 'cty' (did you mean 'city'?): send"),
        ({"since": "2010-13-01"}, "since is '2010-13-01', which is not a date such as 2024-12-31"),
    ],
)
def test_a_request_that_cannot_be_used_is_one_sentence(
    kind: Kind, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        kind.decode(body(**changed), "application/json")
    assert said in str(caught.value)
    assert str(caught.value).endswith('"member": true, …}.')


def test_what_was_missing_in_training_may_be_missing(kind: Kind) -> None:
    given = kind.decode(body(age=None, city="absent"), "application/json")
    assert str(given.values["numbers"][0]) == "nan"
    assert given.values["categories"].tolist() == [""]
    assert kind.told(given) == {}


def test_a_date_of_a_form_is_one_whatever_its_format_in_the_table() -> None:
    columns = [{"name": "day", "type": "date", "format": "%d.%m.%Y %H:%M", "required": True}]
    settings = {"kind": "table", "columns": columns, "missing": [], "target": "x"}
    kind = kind_of({"input": settings})
    for day in ("02.01.1970 00:00", "1970-01-02"):
        given = kind.decode(json.dumps({"day": day}).encode(), "application/json")
        assert given.values["numbers"].tolist() == [1]


def test_a_category_that_was_not_learned_is_told(kind: Kind) -> None:
    given = kind.decode(body(city="Milan"), "application/json")
    assert kind.told(given) == {"unknown": ["city"]}
