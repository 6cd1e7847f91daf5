from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.files import read_csv, write_csv
from src.run import main

from .tiny import PROCESSED, snapshot

RAW = Path("data/raw/stripes")
CSV = RAW / "annotations.csv"


def change(edit: Callable[[list[dict[str, str]]], object]) -> None:
    rows = read_csv(CSV)
    edit(rows)
    write_csv(CSV, rows)


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "no CSV": (
        lambda: CSV.rename("elsewhere"),
        "annotations.csv does not exist; correct data.root",
    ),
    "empty CSV": (lambda: CSV.write_text(""), "is empty; add a header, such as path,class, and"),
    "other header": (
        lambda: CSV.write_text("image,label\na.png,b\n"),
        "annotations.csv has no column path or class, only image, label; say in data.columns of "
        "config.yaml which are which, such as {path: image, class: label}",
    ),
    "header only": (lambda: CSV.write_text("path,class\n"), "lists no image below its header"),
    "too many cells": (
        lambda: CSV.write_text("path,class\na.png,b,c\n"),
        "annotations.csv, line 2: 3 cells, expected path,class",
    ),
    "empty class": (
        lambda: change(lambda rows: rows[4].update({"class": " "})),
        "annotations.csv, line 6: class is empty",
    ),
    "empty path": (
        lambda: change(lambda rows: rows[0].update(path="")),
        "annotations.csv, line 2: path is empty",
    ),
    "missing images": (
        lambda: [(RAW / f"images/rows_{n}.png").rename(f"{n}.png") for n in range(5)],
        "5 of 60 entries are bad, more than the share of 0 that data.max_bad_share in config.yaml "
        "allows, first line 42: images/rows_0.png is not in data/raw/stripes; line 43:",
    ),
    "repeated image": (
        lambda: change(lambda rows: rows.append(rows[0])),
        "line 62: it repeats line 2: images/columns_0.png has the class columns already",
    ),
    "unreadable image": (
        lambda: (RAW / "images/rows_3.png").write_bytes(b"no image"),
        "data/raw/stripes/images/rows_3.png cannot be read as an image",
    ),
    "truncated image": (
        lambda: (RAW / "images/rows_3.png").write_bytes(
            (RAW / "images/rows_2.png").read_bytes()[:60]
        ),
        "data/raw/stripes/images/rows_3.png cannot be read as an image",
    ),
    "one class": (
        lambda: change(lambda rows: [row.update({"class": "all"}) for row in rows]),
        "name one class only, 'all'",
    ),
    "not UTF-8": (lambda: CSV.write_bytes(b"path,class\n\xff\xfe,b\n"), "is not text in utf-8"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_unusable_data_is_named_and_nothing_is_written(
    mistake: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, sentence = MISTAKES[mistake]
    spoil()
    before = snapshot(workspace)
    assert main(["prepare"]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    if mistake == "missing images":  # more than the error names
        list_of_all = Path("data/processed/stripes-left-out.csv")
        assert error.endswith(f" All are listed in {list_of_all}.\n")
        assert [row["where"] for row in read_csv(list_of_all)] == [
            f"line {n}" for n in range(42, 47)
        ]
        list_of_all.unlink()
    assert snapshot(workspace) == before


@pytest.mark.usefixtures("workspace")
def test_spaces_a_byte_order_mark_and_empty_lines_do_no_harm() -> None:
    text = CSV.read_text().replace(",rows", " , rows ") + "\n\n"
    CSV.write_text("\ufeff" + text)
    before = (PROCESSED / "train_images.npy").read_bytes()
    assert main(["prepare"]) == 0
    assert (PROCESSED / "train_images.npy").read_bytes() == before


@pytest.mark.usefixtures("workspace")
def test_damaged_prepared_data_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    (PROCESSED / "train_images.npy").write_bytes(b"torn")
    assert main(["train", "--dry-run"]) == 1
    assert "train_images.npy is missing or damaged" in capsys.readouterr().err
