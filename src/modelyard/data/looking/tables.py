"""The first rows of CSV and TSV files, whatever their delimiter and encoding."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from modelyard.data.suffixes import IMAGE_SUFFIXES

DELIMITERS = ",;\t|"
ROWS = 2000  # that are looked at
LEAST_COLUMNS = 2  # a path and a class


@dataclass(frozen=True)
class Table:
    """The first rows of a CSV.

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
    """Return the first rows of a table; None if it is not one, or has one column only."""
    raw = file.read_bytes()
    encoding = _encoding(raw)
    text = raw.decode(encoding, errors="replace").lstrip("\ufeff")
    lines = [line for line in text.splitlines()[: ROWS + 1] if line.strip()]
    if not lines or "\0" in text[:ROWS]:
        return None
    delimiter = max(
        DELIMITERS,
        key=lambda one: (min(line.count(one) for line in lines[:20]), -DELIMITERS.index(one)),
    )
    try:
        rows = [
            row for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter) if row
        ]
    except csv.Error:
        return None
    width = len(rows[0]) if rows else 0
    if width < LEAST_COLUMNS:
        return None
    header = [] if _is_data(rows[0]) else [cell.strip() for cell in rows[0]]
    body = [row for row in (rows[1:] if header else rows) if len(row) == width]
    columns = [[row[column].strip() for row in body] for column in range(width)]
    return Table(encoding, delimiter, header, columns)


def _encoding(raw: bytes) -> str:
    """Return an encoding in which the bytes have a meaning."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _is_data(row: list[str]) -> bool:
    """Whether a first row names an image, and is thus not a header."""
    return any(map(_is_image, row))


def _is_image(cell: str) -> bool:
    return PurePosixPath(cell.strip().replace("\\", "/")).suffix.lower() in IMAGE_SUFFIXES
