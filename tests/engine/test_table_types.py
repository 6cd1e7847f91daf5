"""What `prepare` takes the columns of a table for, and what it learns of them."""

import re
from pathlib import Path

import numpy as np
import pytest

from modelyard.config.annotation_values import SPLITS
from modelyard.config.table_section import TableData
from modelyard.data.manifest import read_manifest
from modelyard.data.table.inference import look
from modelyard.data.table.reading import open_table
from modelyard.errors import UserError
from modelyard.files import read_csv

from .tabled import FILE, HEADER, PROCESSED, SECTION, people, prepared, write_table


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def column(*cells: str, name: str = "x", **keys: object) -> str:
    """Return what a column of these cells is, beside a target."""
    rows = [[cell, ("no", "yes")[n // 2 % 2]] for n, cell in enumerate([*cells] * 6)]
    write_table(rows, (name, "buys"))
    return str(prepared(**keys)[name]["type"])


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (["1", "2.5", "-3e4", "NA"], "number"),
        (["01067", "01069", "80331"], "category"),
        (["yes", "No", "", "YES"], "boolean"),
        (["0", "1", "1"], "number"),
        (["2024-02-29", "1999-12-31", ""], "date"),
        (["31.12.2024", "01.02.2024"], "date"),
        (["2024-01-01T10:30:00", "2024-01-02T11:00:00"], "date"),
        (["red", "2024-01-01", "blue"], "category"),
        (["inf", "1", "2", "x"], "category"),
    ],
)
def test_a_column_is_what_its_cells_look_like(cells: list[str], type_: str) -> None:
    assert column(*cells) == type_


def test_the_configuration_beats_what_a_column_looks_like() -> None:
    assert column("1", "2", columns={"x": "category"}) == "category"
    assert column("0", "1", columns={"x": "boolean"}) == "boolean"
    assert column("12/31/99", "01/02/98", date_format="%m/%d/%y", columns={"x": "date"}) == "date"
    with pytest.raises(UserError, match=r"x is left out: config\.yaml ignores it"):
        column("0", "1", columns={"x": "ignore"})


def test_prepare_prints_one_line_per_column(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[*row, "same"] for row in people()]
    write_table(rows, (*HEADER, "constant"))
    prepared(columns={"spent": "ignore"})
    printed = capsys.readouterr().out
    for line in (  # regular expressions
        r"column  type            missing    values",
        r"age     number          12 of 120  1\d\.\d+ to [78]\d(\.\d+)?",
        r"city    category        8 of 120   3 different",
        r"member  boolean         -          2 different",
        r"since   date            -          2000-01-10 to 2019-0\d-19",
        r"buys    class \(target\)  -          2 different",
        r"note: column 'spent' is left out: config\.yaml ignores it\.",
        r"note: column 'constant' is left out: it is 'same' in every row\.",
    ):
        assert any(re.fullmatch(line, one) for one in printed.splitlines()), line


def test_means_and_categories_are_those_of_the_training_rows_alone() -> None:
    rows = [[f"{n}", ("a", "b")[n % 2], ("no", "yes")[n % 2], "train"] for n in range(20)]
    rows += [["1000", "c", "no", "test"], ["2000", "c", "yes", "validation"]]
    write_table(rows, ("size", "kind", "buys", "split"))
    found = prepared(split_column="split")
    assert found["size"]["mean"] == np.mean(range(20))
    assert found["size"]["variance"] == pytest.approx(np.var(range(20)))
    assert (found["size"]["low"], found["size"]["high"]) == (0, 19)
    assert found["kind"] == {"name": "kind", "type": "category", "missing": False,
                             "values": ["a", "b"], "other": False}  # fmt: skip
    assert read_manifest(PROCESSED).examples == {"train": 20, "validation": 1, "test": 1}


def test_prepared_rows_are_numbers_and_texts_with_their_lines() -> None:
    write_table(people())
    prepared(columns={"spent": "ignore"}, max_duplicate_share=1.0)
    manifest = read_manifest(PROCESSED)
    assert (manifest.kind, manifest.head, manifest.classes) == ("table", "class", ["no", "yes"])
    assert {name: (one.shape, one.dtype) for name, one in manifest.inputs.items()} == {
        "numbers": ((3,), "float64"),
        "categories": ((1,), "string"),
    }
    assert manifest.encoded["features"].shape == (3 + 1 + 3 + 1,)  # age and city may be missing
    test = read_csv(PROCESSED / "test.csv", ("path", "class"))
    numbers = np.load(PROCESSED / "test_numbers.npy")
    line = int(test[0]["path"].removeprefix("people.csv, line "))
    age, _, member, since, buys, _ = people()[line - 2]
    assert test[0]["class"] == buys
    days = (np.datetime64(since) - np.datetime64("1970-01-01")).astype(int)
    assert numbers[0, 1:].tolist() == [float(member == "yes"), days]
    np.testing.assert_equal(numbers[0, 0], float(age or "nan"))


def test_a_target_of_many_numbers_is_a_number_and_of_few_a_class() -> None:
    write_table(people())
    prepared(target="spent", columns={"buys": "ignore"})
    manifest = read_manifest(PROCESSED)
    assert (manifest.head, manifest.classes) == ("number", [])
    assert manifest.settings["target"] == "spent"
    write_table([[f"{n / 7}", f"{n % 3}"] for n in range(60)], ("x", "grade"))
    prepared(target="grade")
    assert read_manifest(PROCESSED).classes == ["0", "1", "2"]
    prepared(target="grade", target_type="number")
    assert read_manifest(PROCESSED).head == "number"


def test_the_form_of_the_page_is_described() -> None:
    write_table(people())
    prepared(columns={"spent": "ignore"})
    columns = {one["name"]: one for one in read_manifest(PROCESSED).settings["columns"]}
    assert columns["city"].keys() == {"name", "type", "required", "choices", "example", "known"}
    assert sorted(columns["city"]["choices"]) == ["Oslo", "Paris", "Rome"]
    assert columns["city"]["required"] is False
    assert columns["member"]["required"] is True
    assert 30 < columns["age"]["example"] < 70
    assert columns["since"]["format"] == "%Y-%m-%d"


def test_memory_does_not_grow_with_the_values_of_a_column() -> None:
    write_table(([f"{n}", f"c{n}", "no"] for n in range(50_000)), ("size", "code", "buys"))
    config = TableData.model_validate(SECTION)
    sights, rows = look(open_table(FILE, ",", "utf-8"), config)
    assert rows == 50_000
    assert all(len(sight.values) <= 20_000 for sight in sights)
    assert (sights[0].low, sights[0].high, sights[0].kinds["number"]) == (0, 49_999, 50_000)
    assert (sights[1].distinct, sights[1].is_exact) == (20_000, False)


def test_many_categories_are_cut_to_the_most_frequent_and_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [[("a", "b")[n % 2] if n % 3 else f"rare{n}", ("no", "yes")[n // 2 % 2], "train"]
            for n in range(90)]  # fmt: skip
    rows += [["a", "no", "test"], ["b", "yes", "validation"]]
    write_table(rows, ("code", "buys", "split"))
    found = prepared(max_categories=2, split_column="split", max_duplicate_share=1.0)
    assert (found["code"]["values"], found["code"]["other"]) == (["a", "b"], True)
    said = "32 different values in the training rows; models tell the 2 most frequent apart, and "
    assert said + "the others (30 of 90 rows) are one value" in capsys.readouterr().err


def test_rows_of_few_values_are_divided_though_they_are_equal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_table([[("a", "b")[n % 2], ("no", "yes")[n // 2 % 2]] for n in range(80)], ("x", "buys"))
    prepared()
    assert read_manifest(PROCESSED).examples == {"train": 48, "validation": 16, "test": 16}
    assert "78 of 80 rows repeat an earlier one" in capsys.readouterr().out


def test_rows_that_are_there_twice_are_in_one_split() -> None:
    write_table([[f"{n // 2}", ("no", "yes")[n // 2 % 2]] for n in range(80)], ("size", "buys"))
    prepared()
    splits = [{*np.load(PROCESSED / f"{split}_numbers.npy").flat} for split in SPLITS]
    assert [len(found) for found in splits] == [24, 8, 8]
    assert len(set.union(*splits)) == 40


def test_a_group_is_not_divided() -> None:
    write_table([[f"{n / 7}", f"g{n % 12}", ("no", "yes")[n % 2]] for n in range(120)],
                ("x", "patient", "buys"))  # fmt: skip
    found = prepared(group_column="patient")
    assert [*found] == ["x"]
    groups = [{int(row["path"].rsplit(" ", 1)[1]) % 12 for row in read_csv(PROCESSED / f"{s}.csv")}
              for s in ("train", "validation", "test")]  # fmt: skip
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]


def test_rows_of_equal_words_are_in_one_split() -> None:
    rows = [[f"left{n // 2}", f"right{n // 2}", ("no", "yes")[n // 2 % 2]] for n in range(80)]
    write_table(rows, ("first", "second", "buys"))
    prepared()
    lines = [[int(row["path"].rsplit(" ", 1)[1]) for row in read_csv(PROCESSED / f"{split}.csv")]
             for split in SPLITS]  # fmt: skip
    pairs = [{(line - 2) // 2 for line in found} for found in lines]
    assert [len(found) for found in pairs] == [24, 8, 8]
    assert len(set.union(*pairs)) == 40
