"""What the columns of a table are for: target, split, group, and what only counts the rows."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from modelyard.adopting.groups import group_named, is_divided
from modelyard.data.looking.columns import split_column
from modelyard.data.looking.tables import Table
from modelyard.data.table.values import LOOKS_LIKE_A_DATE, is_number
from modelyard.errors import UserError

# What targets are called, the surest names first.
TARGETS = (
    ("target", "label", "class", "outcome", "response", "y"),
    ("diagnosis", "species", "survived", "churn", "income", "salary", "price", "quality", "result"),
)
WORDS = ("target", "label", "outcome", "price", "class")  # with which a name may end
NUMBERS_ROWS = ("id", "index", "rownames", "row_id", "rowid", "row", "unnamed: 0", "nr", "no")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
MOSTLY = 0.9  # of the values are all different: no class
MOST_NAMED = 20

Target = tuple[str, str]  # its name, and why it is taken for the target


def target_of(table: Table, where: object, wanted: Mapping[str, Any]) -> Target:
    """Return the column that a model should predict.

    Raises:
        UserError: nothing says which it is, or too much does.
    """
    if "target" in wanted:
        return str(wanted["target"]), "as you say"
    taken = {one for one in (split_of(table, wanted), group_of(table, wanted)) if one}
    names = [one for one in table.header if one and one not in taken]
    no_targets = {"y"} if {"x", "y"} <= {*map(str.lower, names)} else set()  # a point
    for named in (*(_called(names, {*tier} - no_targets) for tier in TARGETS), _ending(names)):
        if len(named) == 1 or (named and named[-1] == names[-1]):
            return named[-1], "by its name"
        if named:
            raise UserError(_unsure(where, f"its target may be {' or '.join(named)}", named[0]))
    last = names[-1] if names else ""
    if last and (not _cells(table, last) or _may_be_target(_cells(table, last), last)):
        return last, "the last column"
    shown = ", ".join(names[:MOST_NAMED]) or "none with a name"
    raise UserError(_unsure(where, "nothing says which column is to be predicted", "NAME", shown))


def split_of(table: Table, wanted: Mapping[str, Any]) -> str | None:
    """Return the column that names the split of each row."""
    if "split_column" in wanted:
        return None if wanted["split_column"] is None else str(wanted["split_column"])
    column = split_column(table, [at for at, name in enumerate(table.header) if name])
    return None if column is None else table.header[column]


def group_of(table: Table, wanted: Mapping[str, Any]) -> str | None:
    """Return the column of what must not be divided: named so, with values that repeat."""
    if "group_column" in wanted:
        return None if wanted["group_column"] is None else str(wanted["group_column"])
    column = group_named(table, range(len(table.header)))
    return None if column is None else table.header[column]


def is_dividing(table: Table, wanted: Mapping[str, Any]) -> bool:
    """Whether the column of splits divides groups; these are not kept together then."""
    split, group = split_of(table, wanted), group_of(table, wanted)
    if split is None or group is None or "group_column" in wanted:
        return False
    return is_divided(table, table.header.index(group), table.header.index(split))


def counting(table: Table, taken: Collection[str]) -> list[str]:
    """Return the columns that only tell rows apart, by their names, and all different values."""
    named = [name for name in table.header if name.lower() in NUMBERS_ROWS or _last(name) == "id"]
    cells = {name: _cells(table, name) for name in named if name not in taken}
    return [name for name, found in cells.items() if len(set(found)) == len(found)]


def _called(names: list[str], called: Collection[str]) -> list[str]:
    return [name for name in names if name.lower() in called]


def _ending(names: list[str]) -> list[str]:
    """Return the names that end with a word for a target, such as SalePrice."""
    return [name for name in names if _last(name) in WORDS]


def _last(name: str) -> str:
    """Return the last word of a name: price of SalePrice and of sale_price."""
    words: list[str] = WORD.findall(name)
    return words[-1].lower() if words else ""


def _cells(table: Table, name: str) -> list[str]:
    return table.columns[table.header.index(name)]


def _may_be_target(cells: list[str], name: str) -> bool:
    """Whether a column without a name that says so can be learned: a number, or a class."""
    present = [cell for cell in cells if cell]
    few = len(set(present)) <= MOSTLY * len(present)
    if len(set(present)) <= 1 or name.lower() in NUMBERS_ROWS:
        return False
    if all(map(is_number, present)):
        return few or any("." in cell for cell in present)
    return few and not any(map(LOOKS_LIKE_A_DATE.fullmatch, present[:MOST_NAMED]))


def _unsure(where: object, why: str, example: str, columns: str = "") -> str:
    known = f"; its columns are {columns}" if columns else ""
    return f"{where}: {why}{known}; add target={example}, or another."
