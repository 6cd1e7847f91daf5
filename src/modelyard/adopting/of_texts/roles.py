"""What the columns of a table of texts are for: text, class, split, group."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from modelyard.adopting.groups import group_named, is_divided
from modelyard.data.looking.columns import exactly_named, several_column, split_column
from modelyard.data.looking.tables import Table
from modelyard.data.table.values import LOOKS_LIKE_A_DATE, is_number
from modelyard.data.targets import BETWEEN

LABELS = (
    "class", "label", "category", "target", "sentiment", "polarity", "topic", "intent", "language",
    "emotion", "spam", "stars", "rating", "score", "genre", "type", "lang", "tag", "y",
)  # fmt: skip
LEAST_LENGTH = 8  # characters of a text, on average
BESIDE = 4  # columns; of a text that stands among so many, it is LONG
LONG = 30
LEAST_DIFFERENT = 0.2  # of the texts
MOST_CLASSES = 0.5  # of the rows; of more different values, none is a class
MOST_NUMBERS = 20  # different ones that are classes rather than a quantity

Place = int | str


@dataclass(frozen=True)
class Roles:
    """What columns are for, by name, or by position in a file without a header.

    Attributes:
        text: the one with the longest values.
        classes: those that may be the class, or hold labels; one if that is clear.
        split, group: None if there is none.
        others: what is not used.
        divided: a column of groups that the splits divide, so that it is not used.
        target: labels, where a value is several classes.
    """

    text: Place
    classes: list[Place]
    split: Place | None
    group: Place | None
    others: list[Place]
    divided: Place | None = None
    target: Literal["class", "labels"] = "class"


def roles_of(table: Table, wanted: Mapping[str, Any]) -> Roles | None:
    """Return what the columns of a table are for; None if none is a text."""
    columns = wanted.get("columns", {})
    names = dict(enumerate(map(table.name, range(len(table.columns)))))
    places = {name: at for at, name in names.items()}
    text = places.get(columns["text"]) if "text" in columns else _text(table)
    if text is None:
        return None
    rest = [at for at in names if at != text]
    split = _wanted(wanted, "split_column", places, split_column(table, rest))
    group = _wanted(wanted, "group_column", places, group_named(table, rest))
    divided = None
    if group is not None and split is not None and "group_column" not in wanted:
        divided = group if is_divided(table, group, split) else None
    label = columns.get("labels", columns.get("class"))
    rest = [at for at in rest if at not in (split, group)]
    several = None if label else _several(table, rest)
    if label is None:
        classes = _classes(table, rest) if several is None else [several]
    else:
        classes = [places[label]] if label in places else []
    return Roles(
        names[text],
        [names[at] for at in classes],
        None if split is None else names[split],
        None if group is None or divided is not None else names[group],
        [names[at] for at in rest if at not in classes],
        None if divided is None else names[divided],
        "labels" if "labels" in columns or several is not None else "class",
    )


def _several(table: Table, columns: list[int]) -> int | None:
    """Return the column of several classes, where these are divided as `prepare` divides them."""
    column, between = several_column(table, columns)
    return column if between == BETWEEN else None


def _wanted(
    wanted: Mapping[str, Any], key: str, places: Mapping[Any, int], seen: int | None
) -> int | None:
    """Return the column that was asked for; a null asks for none."""
    return places.get(wanted[key]) if key in wanted else seen


def _text(table: Table) -> int | None:
    """Return the column with the longest values that differ and are not numbers."""
    lengths = {}
    for at, cells in enumerate(table.columns):
        present = [cell for cell in cells if cell]
        values = sum(is_number(cell) or bool(LOOKS_LIKE_A_DATE.fullmatch(cell)) for cell in present)
        if not present or values * 2 > len(present):
            continue
        if len(set(present)) > LEAST_DIFFERENT * len(present):
            lengths[at] = fmean(map(len, present))
    longest = max(lengths, key=lambda at: lengths[at], default=None)
    least = LONG if len(table.columns) > BESIDE else LEAST_LENGTH
    return longest if longest is not None and lengths[longest] >= least else None


def _classes(table: Table, columns: list[int]) -> list[int]:
    """Return the column of the class: by its name, else each of which few values repeat."""
    few = [at for at in columns if _is_class(table.columns[at])]
    named = exactly_named(table, few, LABELS)
    return few if named is None else [named]


def _is_class(cells: list[str]) -> bool:
    present = [cell for cell in cells if cell]
    different = set(present)
    if len(present) * 2 < len(cells) or not 1 < len(different) <= max(
        2, MOST_CLASSES * len(present)
    ):
        return False
    return len(different) <= MOST_NUMBERS or not all(map(is_number, different))
