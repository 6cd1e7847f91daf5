"""Rows of a CSV, TSV or JSONL file, one at a time; what is broken is skipped and counted."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard.errors import UserError
from modelyard.faults import machine_fault

from .bodies import json_object
from .found import Found

ROWS = {".csv": ",", ".tsv": "\t", ".jsonl": ""}  # by the suffix what is between cells
LONGEST = 10**9  # characters of a cell

Row = tuple[int, dict[str, Any]]
"""Its number, counted from 1 without the header, and its cells by column."""


def read_rows(
    file: Path, found: Found, delimiter: str | None = None, encoding: str = "utf-8-sig"
) -> Iterator[Row]:
    """Yield the rows of a file.

    Args:
        file: a CSV with a header, or of JSON lines, each an object.
        found: counts what is skipped: a row, or the rest of a file that cannot be read on.
        delimiter: between the cells of a CSV; None: the one of the suffix.
        encoding: as Python names it.
    """
    row = 0
    try:
        with file.open(newline="", encoding=encoding) as lines:
            rows = _json_rows if file.suffix.lower() == ".jsonl" else _csv_rows
            for row, cells in rows(lines, delimiter or ROWS.get(file.suffix.lower()) or ","):
                if isinstance(cells, str):
                    found.skip(f"{file}, row {row}: {cells}")
                else:
                    yield row, cells
    except UnicodeDecodeError as error:
        found.skip(
            f"{file} is not {encoding.removesuffix('-sig').upper()} after row {row} "
            f"({error.reason}); save it anew as UTF-8."
        )
    except (csv.Error, UserError) as error:
        found.skip(f"{file} cannot be read after row {row}: {error}")
    except OSError as error:
        if machine_fault(error):
            raise
        found.skip(f"{file} cannot be opened ({error.strerror or error}).")


def _csv_rows(lines: Any, delimiter: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    csv.field_size_limit(LONGEST)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header = next(reader, [])
    if twice := [name for name in header if header.count(name) > 1]:
        raise UserError(f"{header.count(twice[0])} columns are called {twice[0]!r}; keep one.")
    filled = (cells for cells in reader if cells)
    for row, cells in enumerate(filled, 1):
        if len(cells) == len(header):
            yield row, dict(zip(header, cells, strict=True))
        else:
            said = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
            yield row, f"it has {said}, but the header has {len(header)}."


def _json_rows(lines: Any, _: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    filled = (line for line in lines if line.strip())
    for row, line in enumerate(filled, 1):
        try:
            yield row, json_object(line.encode(), "write a JSON object in each line")
        except UserError as error:
            yield row, str(error)
