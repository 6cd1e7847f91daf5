"""The section `data` of the root config.yaml where an example is a row of a table."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from .annotation_values import Delimiter, Encoding, Places, Text
from .shared_section import SharedData

ColumnType = Literal["number", "category", "boolean", "date", "ignore"]
COLUMN_TYPES: tuple[ColumnType, ...] = ("number", "category", "boolean", "date", "ignore")
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None")
MOST_CATEGORIES = 100_000


def _types(value: Any) -> Any:
    """Refuse what is not a type by the name of a column; pydantic would say so in many lines."""
    if not isinstance(value, dict):
        raise ValueError("must give types of columns, such as {age: number, code: category}")
    for name, one in value.items():
        if not isinstance(name, str):
            raise ValueError(f"has the key {name!r}, which is not a text; put it in quotes")
        if one not in COLUMN_TYPES:
            raise ValueError(f"{name} is {one!r}; write {', '.join(COLUMN_TYPES)}")
    return value


def _date_format(value: Any) -> Any:
    if value is not None and (not isinstance(value, str) or "%" not in value):
        raise ValueError('must be written as Python does, such as "%d.%m.%Y"')
    return value


ColumnTypes = Annotated[dict[str, ColumnType], BeforeValidator(_types)]


class TableData(SharedData):
    r"""`data` where an example is a row of a table.

    Attributes:
        file: the table, relative to root: CSV, or by its name TSV (`.tsv`) or Parquet (`.parquet`);
            or one for each of train, validation and test, or some of them.
        delimiter: between the columns of a CSV: one character, a tab is "\t".
        encoding: of a CSV or TSV, as Python names it, such as utf-16 or cp1252.
        target: the column that a model predicts.
        target_type: class, number, or auto: a number where all its values are numbers, and more
            than 20 different ones or some with a fraction.
        columns: types of columns that are read otherwise than they look: number, category,
            boolean, date, or ignore.
        date_format: of all dates, as Python writes it, such as "%d.%m.%Y"; without it each
            column's own is found.
        missing: texts that mean that a value is missing.
        split_column: a column with the split of each row; no model sees it.
        group_column: a column whose equal values are never divided by splits; no model sees it.
        max_categories: of one column, the most frequent; all others become one value.
    """

    NOUN: ClassVar[str] = "row"

    task: Literal["tabular"]
    file: Places
    delimiter: Delimiter = ","
    encoding: Encoding = "utf-8"
    target: Text
    target_type: Literal["auto", "class", "number"] = "auto"
    columns: ColumnTypes = Field(default={})
    date_format: Annotated[str | None, BeforeValidator(_date_format)] = None
    missing: list[str] = Field(default=[*MISSING])
    split_column: Text | None = None
    group_column: Text | None = None
    max_categories: Annotated[int, Field(ge=2, le=MOST_CATEGORIES)] = 100

    @model_validator(mode="after")
    def _splits_once(self) -> Self:
        if isinstance(self.file, dict) and self.split_column is not None:
            raise ValueError(
                "file and split_column both say which split a row is in; drop one of them"
            )
        return self

    @model_validator(mode="after")
    def _one_use_per_column(self) -> Self:
        """Refuse a column that would be two things at once."""
        uses = {"target": self.target, "split_column": self.split_column,
                "group_column": self.group_column}  # fmt: skip
        seen: dict[str, str] = {}
        for key, name in uses.items():
            if name is None:
                continue
            if name in seen:
                raise ValueError(f"{seen[name]} and {key} are both {name!r}; name two columns")
            if name in self.columns:
                raise ValueError(
                    f"columns names {name!r}, which is the {key}; remove it from columns"
                    + (", and say in target_type what it is" if key == "target" else "")
                )
            seen[name] = key
        return self
