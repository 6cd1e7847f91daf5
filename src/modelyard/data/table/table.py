"""A table that is read row by row, whatever file it lies in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.config.data_section import Split

Row = tuple[int, list[str]]  # the line (of a file in lines), the cells without spaces around them


@dataclass(frozen=True)
class Table:
    """A table that can be read again and again.

    Attributes:
        file: where it lies.
        header: the names of its columns; a column without a name has an empty one.
        types: by column, where the file itself says: number, boolean, date, or text, which is not
            a number however it looks.
        unit: what a row's number counts: `line` or `row`.
        rows: yields the number and the cells of each row that is not empty.
        parts: the tables of splits that it is made of; none where it is one file.
    """

    file: Path
    header: list[str]
    rows: Callable[[], Iterator[Row]]
    types: Mapping[str, str] = field(default_factory=dict)
    unit: str = "line"
    parts: Mapping[Split, "Table"] = field(default_factory=dict)
