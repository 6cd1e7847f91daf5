"""What a model of a table says of its columns, and cells of JSON as a CSV holds them."""

from typing import Any

from pydantic import BaseModel, Field

from modelyard.data.table.columns import Column
from modelyard.data.table.values import is_date, to_days, written_days

from .bodies import type_of

ISO = "%Y-%m-%d"


class DescribedColumn(BaseModel):
    """A column, as `data.table.described` says of it."""

    name: str
    type: str
    format: str = ""
    required: bool = True
    choices: list[str] = []
    known: int = 0
    example: Any = None

    def document(self) -> dict[str, Any]:
        """Return it without what a column of its type does not have."""
        shown = {"name", "type", "required", "example"}
        shown |= {"format"} if self.format else set()
        shown |= {"choices", "known"} if self.known else set()
        return self.model_dump(include=shown)


class Described(BaseModel):
    """`input` of the predict_configuration.yaml of a model of a table."""

    columns: list[DescribedColumn] = Field(min_length=1)
    missing: list[str]
    target: str
    delimiter: str = ","
    encoding: str = "utf-8"

    def document(self) -> dict[str, Any]:
        """Return it without what a column does not have."""
        document = self.model_dump()
        document["columns"] = [one.document() for one in self.columns]
        return document


def text_of_cell(column: Column, value: Any) -> str:
    """Return a cell, of JSON of any type, as a CSV would hold it.

    Raises:
        ValueError: it is a list or an object.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and column.is_category and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    if not isinstance(value, str):
        raise ValueError(f"{column.name} is {type_of(value)}, which is not a {column.type}")
    text = value.strip()
    if column.type == "date" and not is_date(text, column.format) and is_date(text, ISO):
        return written_days(to_days(text, ISO), column.format)  # as a page's form sends it
    return text


def in_json(value: Any) -> str:
    """Return a value as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
