"""Markdown tables of whatever names and numbers the data brings."""

import re
from collections.abc import Iterable, Sequence

LONGEST_CELL = 80
# Marks that Markdown, HTML or GitHub's formulas would take for more than themselves.
MARKS = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*[]|<>&~$"}
# GitHub looks for people and issues in what Markdown made: there only a space without width helps.
MARKS |= {ord(mark): f"&#{ord(mark)};&#8203;" for mark in "@#"}
EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # not the underscores inside a name


def table(header: Sequence[str], rows: Iterable[Sequence[object]], most: int, rest: object) -> str:
    """Return a table of at most so many rows; it says how many more there are, and where."""
    rows = list(rows)
    lines = [_line(header), _line(["---"] * len(header))]
    lines += [_line([cell(value) for value in row]) for row in rows[:most]]
    if len(rows) > most:
        more = "1 more row is" if len(rows) == most + 1 else f"{len(rows) - most} more rows are"
        lines.append(f"\n{more} in `{rest}`.")
    return "\n".join(lines) + "\n"


def cell(value: object, longest: int = LONGEST_CELL) -> str:
    """Return a value so that it is text in a table, whatever marks it holds."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = " ".join(str(value).split())
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return EMPHASIS.sub("&#95;", text.translate(MARKS))


def difference(now: object, before: object) -> str:
    """Return how much a number grew, with its sign; nothing where one of them is not a number."""
    if _number(now) and _number(before):
        return "0" if now == before else f"{now - before:+.6g}"  # type: ignore[operator]
    return ""


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
