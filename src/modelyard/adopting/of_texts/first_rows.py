"""Rows of files of texts, with or without a header, and of JSON lines."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from modelyard.data.looking.encodings import encoding_of
from modelyard.data.looking.tables import LEAST_COLUMNS, Table, read_rows, spread
from modelyard.data.targets import BETWEEN

MOST_WORDS = 5  # of the name of a column
MOST_CHARACTERS = 60
FEW = 0.2  # of the values of a column differ: it is a class


def first_texts(file: Path, wanted: Mapping[str, Any]) -> Table | None:
    """Return rows of a CSV; None if it is none, or has one column only."""
    found = read_rows(file, wanted)
    if found is None or len(found.rows[0]) < LEAST_COLUMNS:
        return None
    first, *rest = found.rows
    columns = [[row[at] for row in rest] for at in range(len(first))]
    if not _is_data(first, columns):
        return Table(found.encoding, found.delimiter, first, columns)
    columns = [[row[at] for row in found.rows] for at in range(len(first))]
    return Table(found.encoding, found.delimiter, [], columns)


def first_objects(file: Path, wanted: Mapping[str, Any]) -> Table | None:
    """Return JSON lines as a table of what is text, number, true or false; or None."""
    encoding = encoding_of(file, wanted.get("encoding"))
    with file.open(encoding=encoding, errors="replace") as lines:
        found = (_object(line.removeprefix("\ufeff")) for line in lines)
        rows = spread(row for row in found if row is not None)
    names = [*dict.fromkeys(name for row in rows for name in row)]
    columns = [[_cell(row.get(name)) for row in rows] for name in names]
    return Table(encoding, ",", names, columns) if len(names) >= LEAST_COLUMNS else None


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _cell(value: Any) -> str:
    """Return a value as text, several classes as in a CSV; an empty one for anything else."""
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return BETWEEN.join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""


def _is_data(first: list[str], columns: list[list[str]]) -> bool:
    """Whether a first row is one of texts, and thus not a header.

    It is if it holds a long text, or the value of a class that comes again where texts are long.
    """
    if any(len(cell.split()) > MOST_WORDS or len(cell) > MOST_CHARACTERS for cell in first):
        return True
    longest = max(columns, key=lambda cells: fmean(map(len, cells)) if cells else 0)
    return any(
        cell and cell in cells and len(set(cells)) <= max(2, FEW * len(cells))
        for cell, cells in zip(first, columns, strict=True)
        if cells is not longest
    )
