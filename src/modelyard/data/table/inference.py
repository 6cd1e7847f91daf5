"""Decide what each column of a table is: as config.yaml says, else as all its cells look."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from modelyard.config.table_section import TableData
from modelyard.errors import UserError, did_you_mean

from .columns import Column, Columns, Kind
from .sighting import BOOLEAN, DATE, NUMBER, Sight
from .table import Table
from .values import FORMATS, is_date, told_apart

MOSTLY = 0.9  # of the cells: a column of numbers or dates, whose other cells are mistakes
FEW = 20  # different whole numbers that are classes rather than a quantity


@dataclass
class Decided:
    """What the columns of a table are.

    Attributes:
        columns: those that models see.
        target: the column that they predict.
        is_number: whether it is a number, else it is a class.
        left_out: columns that no model sees, with why.
        sights: all columns as they look, by name.
    """

    columns: Columns
    target: str
    is_number: bool
    left_out: dict[str, str] = field(default_factory=dict)
    sights: dict[str, Sight] = field(default_factory=dict)


def look(table: Table, config: TableData) -> tuple[list[Sight], int]:
    """Return every column as its cells look, and how many rows there are; ragged ones are skipped.

    Raises:
        UserError: the table cannot be read.
    """
    sights, missing = [Sight(name) for name in table.header], frozenset(config.missing) | {""}
    rows = 0
    for line, cells in table.rows():
        rows += 1
        if len(cells) != len(sights):
            continue
        for sight, cell in zip(sights, cells, strict=True):
            if cell in missing:
                sight.see_missing()
            else:
                sight.see(cell, line)
    for sight in sights:
        sight.finish()
    return sights, rows


def decide(table: Table, config: TableData, sights: Sequence[Sight]) -> Decided:
    """Return what each column is.

    Raises:
        UserError: config.yaml names a column that is not there, no column is left, the target has
            no value, or a column's dates are in several formats or in one of two.
    """
    known = {sight.name: sight for sight in sights if sight.name}
    _check_names(table, config, known)
    left_out, found = {}, []
    reserved = {config.target: "the target", config.split_column: "the split",
                config.group_column: "the group"}  # fmt: skip
    for number, sight in enumerate(sights, 1):
        name = sight.name or f"column {number}"
        if name in reserved:
            continue
        if why := _useless(sight, config):
            left_out[name] = why
            continue
        kind, written = _kind(table, config, sight)
        found.append(Column(sight.name, kind, written, sight.missing > 0))
    if not found:
        raise UserError(
            f"{table.file} has no column to learn from besides {config.target!r}"
            f"{_reasons(left_out)}; add columns, or change data.columns in config.yaml."
        )
    return Decided(
        Columns(tuple(found), tuple(config.missing)),
        config.target,
        _is_number(table.file, config, known[config.target], table.types.get(config.target)),
        left_out,
        known,
    )


def _reasons(left_out: dict[str, str]) -> str:
    return "".join(f"; {name} is left out: {why}" for name, why in [*left_out.items()][:3])


def _check_names(table: Table, config: TableData, known: dict[str, Sight]) -> None:
    """Refuse a name in config.yaml that no column has."""
    asked = {"target": config.target, "split_column": config.split_column,
             "group_column": config.group_column}  # fmt: skip
    named = [(key, name) for key, name in asked.items() if name is not None]
    for key, name in [*named, *(("columns", name) for name in config.columns)]:
        if name not in known:
            raise UserError(
                f"{table.file} has no column {name!r}{did_you_mean(name, known)}; correct "
                f"data.{key} in config.yaml: the columns are {', '.join(known)}."
            )


def _useless(sight: Sight, config: TableData) -> str:
    """Say why no model could learn from a column, or that it shall not; else nothing."""
    if not sight.name:
        return "it has no name"
    if config.columns.get(sight.name) == "ignore":
        return "config.yaml ignores it"
    if not sight.present:
        return "all its values are missing"
    if sight.is_exact and sight.distinct == 1 and not sight.missing:
        return f"it is {sight.values[0]!r} in every row"
    return ""


def _kind(table: Table, config: TableData, sight: Sight) -> tuple[Kind, str]:
    """Return the type of a column, and the format of its dates."""
    asked, fixed = config.columns.get(sight.name), table.types.get(sight.name)
    chosen = asked or (fixed if fixed != "text" else None)
    if chosen == "date":
        return "date", _format(table, config, sight, sure=True) or FORMATS[0]
    if chosen is not None:
        return _named(chosen), ""
    present = sight.present
    if fixed != "text" and sight.kinds[NUMBER] >= MOSTLY * present:
        return "number", ""
    if sight.kinds[BOOLEAN] == present:
        return "boolean", ""
    if written := _format(table, config, sight, sure=False):
        return "date", written
    return "category", ""


def _named(kind: str) -> Literal["number", "category", "boolean"]:
    kinds: dict[str, Literal["number", "category", "boolean"]]
    kinds = {"number": "number", "category": "category", "boolean": "boolean"}
    return kinds[kind]


def _format(table: Table, config: TableData, sight: Sight, *, sure: bool) -> str:
    """Return the format of nearly all of a column's dates; nothing if they are none.

    Raises:
        UserError: there are two formats, or the dates could be in one or another.
    """
    if config.date_format:
        fits = sight.formats[config.date_format] >= MOSTLY * sight.present
        known = config.date_format in FORMATS
        return config.date_format if sure or (known and fits) else ""
    dates = sight.kinds[DATE]
    if dates < MOSTLY * sight.present or not dates:
        return ""
    best = max(sight.formats.values())
    formats = [one for one in FORMATS if sight.formats[one] == best]
    where = f"{table.file}: {sight.name} "
    cure = f"config.yaml: data.columns: {{{sight.name}: category}}"
    if best < MOSTLY * dates:
        found = [sight.first[one] for one in FORMATS if sight.formats[one]]
        first = sight.first[formats[0]]
        other = next((one for one in found if not is_date(one[1], formats[0])), found[-1])
        lines = [f"{value!r} on {table.unit} {line}" for line, value in (first, other)]
        raise UserError(
            f"{where}has dates in two formats, such as {lines[0]} and {lines[1]}; write all of "
            f"them in one, or read them as text in {cure}."
        )
    if len(formats) > 1:
        raise UserError(
            f"{where}has dates such as {sight.first[formats[0]][1]!r}, which may be "
            f"{told_apart(formats)}; set data.date_format in config.yaml to one of them, or read "
            f"them as text in {cure}."
        )
    return formats[0]


def _is_number(file: Path, config: TableData, sight: Sight, fixed: str | None) -> bool:
    """Say whether the target is a number; else it is a class."""
    if not sight.present:
        raise UserError(
            f"{file}: all values of the target {sight.name!r} are missing; correct data.target in "
            "config.yaml."
        )
    if config.target_type != "auto":
        return config.target_type == "number"
    mostly = fixed != "text" and sight.kinds[NUMBER] >= MOSTLY * sight.present
    return mostly and (sight.fractions or sight.distinct > FEW)
