"""Markdown tables of whatever names and numbers the data brings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

LONGEST_CELL = 80
# Marks that Markdown, HTML or GitHub (mentions, issues) would take for more than themselves.
MARKS = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*[]|#@<>&~"}


def table(header: Sequence[str], rows: Iterable[Sequence[object]], most: int) -> str:
    """Return a table of at most so many rows; it says how many more there are."""
    rows = list(rows)
    lines = [_line(header), _line(["---"] * len(header))]
    lines += [_line([cell(value) for value in row]) for row in rows[:most]]
    if len(rows) > most:
        lines.append(f"\n{len(rows) - most} more rows are in `training_metrics/`.")
    return "\n".join(lines) + "\n"


def cell(value: object) -> str:
    """Return a value so that it is text in a table, whatever marks it holds."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = " ".join(str(value).split())
    if len(text) > LONGEST_CELL:
        text = text[: LONGEST_CELL - 1] + "…"
    return text.translate(MARKS)


def difference(now: object, before: object) -> str:
    """Return how much a number grew, with its sign; nothing where one of them is no number."""
    if _number(now) and _number(before):
        return "0" if now == before else f"{now - before:+.6g}"  # type: ignore[operator]
    return ""


def flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the values of nested mappings by dotted key; those of single classes are left out."""
    for key, value in document.items():
        if isinstance(value, Mapping):
            if key != "per_class":
                yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
