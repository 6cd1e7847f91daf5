"""Rows of CSV and TSV files, whatever their delimiter and encoding."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, TypeVar

from modelyard.data.suffixes import IMAGE_SUFFIXES

from .encodings import encoding_of

DELIMITERS = "\t;|,"  # of two that fit the first: commas stand in texts and numbers, too
ROWS = 1000  # at the beginning that are looked at; up to twice as many of the rest
LOOKED_AT = 50  # rows, to find the delimiter
LOOKED_INTO = 2**22  # characters, for the same
LARGEST = 2**24  # characters of a cell
MOSTLY = 0.9  # of the rows
LEAST_COLUMNS = 2  # a path and a class

Row = TypeVar("Row")


@dataclass(frozen=True)
class Table:
    """Some rows of a CSV.

    Attributes:
        header: empty if there is none.
        columns: the cells of each column.
    """

    encoding: str
    delimiter: str
    header: list[str]
    columns: list[list[str]]

    def name(self, column: int) -> Any:
        """Return what `data.columns` calls a column: its header, or its position from 1."""
        return self.header[column] if self.header else column + 1

    def names_images(self, column: int) -> bool:
        """Whether the cells of a column are written like files of images."""
        cells = self.columns[column]
        return bool(cells) and sum(map(_is_image, cells)) * 2 > len(cells)


def read_table(file: Path) -> Table | None:
    """Return rows of a table; None if it is not one, or has one column only."""
    found = read_rows(file)
    if found is None or len(found.rows[0]) < LEAST_COLUMNS:
        return None
    first, *rest = found.rows
    header = [] if _is_data(first) else first
    body = rest if header else found.rows
    columns = [[row[column] for row in body] for column in range(len(first))]
    return Table(found.encoding, found.delimiter, header, columns)


@dataclass(frozen=True)
class SomeRows:
    """Some rows of a CSV as they are written, all as long as the first one.

    Attributes:
        rows: their cells without spaces around them; at least one row.
    """

    encoding: str
    delimiter: str
    rows: list[list[str]]


def read_rows(file: Path, asked: Mapping[str, Any] = MappingProxyType({})) -> SomeRows | None:
    """Return rows of a CSV, whatever its delimiter and encoding; None if it is none.

    `asked` may have both, as `data` in config.yaml. The rows are the first ones and, of a larger
    file, others spread over all of it: its rows may be sorted by what is to be recognized.
    """
    encoding = encoding_of(file, asked.get("encoding"))
    with file.open(encoding=encoding, errors="replace", newline="") as stream:
        head = stream.read(LOOKED_INTO).removeprefix("\ufeff")
    if not head.strip() or "\0" in head[:ROWS]:
        return None
    read = {one: _first(_rows(io.StringIO(head, newline=""), one)) for one in DELIMITERS}
    best = max(DELIMITERS, key=lambda one: (*_regular(read[one]), -DELIMITERS.index(one)))
    wished = asked.get("delimiter")
    delimiter = wished if isinstance(wished, str) and len(wished) == 1 else best
    with file.open(encoding=encoding, errors="replace", newline="") as stream:
        rows = spread(_rows(stream, delimiter))
    whole = [row for row in rows if len(row) == len(rows[0])]
    return SomeRows(encoding, delimiter, whole) if rows else None


def spread(rows: Iterable[Row]) -> list[Row]:
    """Return the first thousand rows, and others spread over the rest, up to two thousand."""
    waiting = iter(rows)
    found, rest, step = list(islice(waiting, ROWS)), [], 1
    for number, row in enumerate(waiting):
        if number % step == 0:
            rest.append(row)
        if len(rest) > 2 * ROWS:
            rest, step = rest[::2], step * 2
    return found + rest


def _rows(stream: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows that are not empty, as far as they can be read."""
    csv.field_size_limit(LARGEST)
    reader = csv.reader(stream, delimiter=delimiter)
    with suppress(csv.Error):
        for number, row in enumerate(reader):
            cells = [cell.strip().removeprefix("\ufeff") if number == 0 else cell.strip()
                     for cell in row]  # fmt: skip
            is_said = number == 0 and cells and cells[0].lower().startswith("sep=")  # by Excel
            if any(cells) and not is_said:
                yield cells


def _first(rows: Iterable[list[str]]) -> list[list[str]]:
    return list(islice(rows, LOOKED_AT))


def _regular(rows: list[list[str]]) -> tuple[bool, int]:
    """Say whether nearly all rows have as many cells as the first, and how many most rows have."""
    width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    return width > 1 and len(rows[0]) == width and count >= MOSTLY * len(rows), width


def _is_data(row: list[str]) -> bool:
    """Whether a first row names an image, and is thus not a header."""
    return any(map(_is_image, row))


def _is_image(cell: str) -> bool:
    return PurePosixPath(cell.strip().replace("\\", "/")).suffix.lower() in IMAGE_SUFFIXES
