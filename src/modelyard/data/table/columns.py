"""The columns of a table: what each holds, and how its cells are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from modelyard.data.manifest import STRING, ArraySpec, Specs

from .values import to_boolean, to_days, to_number

Kind = Literal["number", "category", "boolean", "date"]


@dataclass(frozen=True)
class Column:
    """A column that models see.

    Attributes:
        name: as the header has it.
        type: number, category, boolean or date.
        format: of its dates, as Python writes it; empty otherwise.
        missing: whether a value was missing anywhere in the table.
    """

    name: str
    type: Kind
    format: str = ""
    missing: bool = False

    @property
    def is_category(self) -> bool:
        """Whether its values are texts."""
        return self.type == "category"

    def number(self, text: str) -> float:
        """Return a cell as a number; a date as days since 1970, true as 1.

        Raises:
            ValueError: it cannot be read so, the end of a sentence.
        """
        if self.type == "boolean":
            return to_boolean(text)
        return to_days(text, self.format) if self.type == "date" else to_number(text)


@dataclass(frozen=True)
class Columns:
    """The columns that models see, in the order of the table.

    Attributes:
        all: numbers and categories.
        missing: texts that mean that a value is missing.
    """

    all: tuple[Column, ...]
    missing: tuple[str, ...]

    @property
    def numbers(self) -> list[Column]:
        """Those of the input `numbers`, in its order: numbers, booleans and dates."""
        return [one for one in self.all if not one.is_category]

    @property
    def categories(self) -> list[Column]:
        """Those of the input `categories`, in its order."""
        return [one for one in self.all if one.is_category]

    def inputs(self, cells: Mapping[str, str]) -> dict[str, list[Any]]:
        """Return what a row's cells are to a model: `numbers` and `categories`.

        Missing are NaN and "", as is a column that the row lacks.

        Raises:
            ValueError: a cell cannot be read as its column's type, the end of a sentence.
        """
        found: dict[str, list[Any]] = {"numbers": [], "categories": []}
        for column in self.all:
            cell = cells.get(column.name, "")
            absent = cell in self.missing or cell == ""
            if column.is_category:
                found["categories"].append("" if absent else cell)
                continue
            try:
                found["numbers"].append(float("nan") if absent else column.number(cell))
            except ValueError as error:
                raise ValueError(f"{column.name} is {cell!r}, {error}") from None
        return {name: values for name, values in found.items() if values}

    def document(self) -> dict[str, Any]:
        """Return the columns as a document that `from_document` reads."""
        return {
            "missing": [*self.missing],
            "columns": [_without_defaults(one) for one in self.all],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Columns":
        """Return what `document` described; further keys of a column are not looked at."""
        keys = Column.__dataclass_fields__
        found = (
            Column(**{key: one for key, one in entry.items() if key in keys})
            for entry in document["columns"]
        )
        return cls(tuple(found), tuple(document["missing"]))


def _without_defaults(column: Column) -> dict[str, Any]:
    return {key: one for key, one in asdict(column).items() if one not in ("", False)}


def input_specs(columns: Columns) -> Specs:
    """Return what a saved model takes: `numbers`, `categories`, or both."""
    found = {
        "numbers": ArraySpec(shape=(len(columns.numbers),), dtype="float64"),
        "categories": ArraySpec(shape=(len(columns.categories),), dtype=STRING),
    }
    return {name: one for name, one in found.items() if one.shape[0]}


def named(columns: Iterable[str], most: int = 5) -> str:
    """Return names for a sentence: the first few, and how many more there are."""
    found: Sequence[str] = [*columns]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
