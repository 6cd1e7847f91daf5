"""What `prepare` prints of a table: one line per column."""

from collections.abc import Iterator
from contextlib import suppress

from .columns import Column, Columns
from .fitting import Fitted
from .inference import MOSTLY, Decided
from .sighting import COMMA, Sight
from .values import to_days, written_days

WIDEST = 30  # characters of a name


def lines(decided: Decided) -> Iterator[str]:
    """Yield a header and one line per column: name, type, missing, values."""
    rows = [("column", "type", "missing", "values")]
    rows += [_row(one, decided.sights[one.name]) for one in decided.columns.all]
    target = decided.sights[decided.target]
    kind = "number" if decided.is_number else "class"
    rows.append(_row(Column(target.name, "number" if decided.is_number else "category"), target,
                     f"{kind} (target)"))  # fmt: skip
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    for row in rows:
        yield "  ".join((*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]))
    for one in decided.columns.categories:
        if decided.sights[one.name].kinds[COMMA] >= MOSTLY * decided.sights[one.name].present:
            yield (
                f"note: column {one.name!r} holds numbers with a decimal comma, which are taken "
                "for texts; write points."
            )
    for name, why in decided.left_out.items():
        yield f"note: column {name!r} is left out: {why}."


def _row(column: Column, sight: Sight, kind: str = "") -> tuple[str, str, str, str]:
    name = column.name if len(column.name) <= WIDEST else f"{column.name[: WIDEST - 1]}…"
    missing = f"{sight.missing} of {sight.cells}" if sight.missing else "-"
    return name, kind or column.type, missing, _values(column, sight)


def _values(column: Column, sight: Sight) -> str:
    """Say which values there are: the range of numbers and dates, how many others."""
    if column.type == "number":
        return f"{sight.low:g} to {sight.high:g}"
    if column.type == "date" and sight.is_exact:
        days = list(_days(sight.values, column.format))
        if days:
            first, last = (written_days(one, column.format) for one in (min(days), max(days)))
            return f"{first} to {last}"
    return f"{'' if sight.is_exact else 'over '}{sight.distinct:,} different"


def _days(values: list[str], written: str) -> Iterator[float]:
    for value in values:
        with suppress(ValueError):  # a row that will be left out
            yield to_days(value, written)


def capped(columns: Columns, fitted: Fitted, most: int) -> Iterator[str]:
    """Yield a sentence for each column that has more categories than models learn."""
    for column, values in zip(columns.categories, fitted.categories, strict=True):
        named = [count for value, count in values.items() if value]
        if len(named) > most:
            others = sum(named[most:])
            yield (
                f"column {column.name!r} has {len(named):,} different values in the training rows; "
                f"models tell the {most:,} most frequent apart, and the others ({others:,} of "
                f"{fitted.rows:,} rows) are one value (data.max_categories)."
            )
