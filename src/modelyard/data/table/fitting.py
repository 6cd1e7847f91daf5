"""What the encoder of a table knows of the training rows: means, variances, categories."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .columns import Column, Columns

COLUMNS_NAME = "columns.json"

Batch = Mapping[str, np.ndarray]
"""`numbers` float64 (rows, n), `categories` (rows, m) of str or bytes; one may be absent."""


@dataclass
class Fitted:
    """What was learned of the training rows, and each of their categories as a code.

    Attributes:
        numbers: of each column of `numbers`: mean, variance, low, high, and how many are missing.
        categories: of each column of `categories`: its values, the most frequent first, with how
            often each is there; "" is a missing one.
        codes: of each column of `categories` the position of each row's value in its values,
            int32 (rows,).
        rows: how many there are.
    """

    numbers: list["Moments"]
    categories: list[dict[str, int]]
    codes: list[np.ndarray] = field(default_factory=list)
    rows: int = 0


@dataclass
class Moments:
    """Mean and variance of the numbers of a column, added up batch by batch (Chan et al. 1979)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = float("nan")
    high: float = float("nan")
    missing: int = 0

    @property
    def variance(self) -> float:
        """The variance of what was added; 1 where all is the same, so that it can divide."""
        found = self.squares / self.count if self.count else 0.0
        return found if found > 0 else 1.0

    def add(self, values: np.ndarray) -> None:
        """Add the values (rows,) that are not NaN."""
        there = values[~np.isnan(values)]
        self.missing += len(values) - len(there)
        if not len(there):
            return
        mean, total = float(there.mean()), self.count + len(there)
        shift = mean - self.mean
        self.squares += float(((there - mean) ** 2).sum())
        self.squares += shift * shift * self.count * len(there) / total
        self.mean += shift * len(there) / total
        self.count = total
        self.low = float(np.fmin(self.low, there.min()))
        self.high = float(np.fmax(self.high, there.max()))


def fit(columns: Columns, batches: Iterable[Batch]) -> Fitted:
    """Learn of the training rows; in memory are 4 bytes per category and each different value."""
    moments = [Moments() for _ in columns.numbers]
    known: list[dict[str, int]] = [{} for _ in columns.categories]
    parts: list[list[np.ndarray]] = [[] for _ in columns.categories]
    rows = 0
    for batch in batches:
        rows += len(next(iter(batch.values())))
        for position, one in enumerate(moments):
            one.add(np.asarray(batch["numbers"][:, position], np.float64))
        for position, codes in enumerate(known):
            cells = (_text(cell) for cell in batch["categories"][:, position])
            found = [codes.setdefault(cell, len(codes)) for cell in cells]
            parts[position].append(np.array(found, np.int32))
    ordered = [_by_count(*pair) for pair in zip(known, parts, strict=True)]
    return Fitted(moments, [one for one, _ in ordered], [one for _, one in ordered], rows)


def _by_count(known: dict[str, int], parts: list[np.ndarray]) -> tuple[dict[str, int], np.ndarray]:
    """Return a column's values by how often each is there, and the rows' codes in that order."""
    codes = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    counts, names = np.bincount(codes, minlength=len(known)), [*known]
    order = sorted(range(len(names)), key=lambda code: (-counts[code], names[code]))
    place = np.empty(len(names), np.int32)
    place[order] = np.arange(len(names), dtype=np.int32)
    return {names[code]: int(counts[code]) for code in order}, place[codes]


def _text(cell: Any) -> str:
    return cell.decode() if isinstance(cell, bytes) else str(cell)


def document(columns: Columns, fitted: Fitted, most: int) -> dict[str, Any]:
    """Return columns.json: the columns with what the encoder needs to know of each.

    Of a category: `values`, at most `most` of them, and `other`, whether training rows have more.
    `missing` says of each column whether a value is missing in a training row.
    """
    numbers, categories = iter(fitted.numbers), iter(fitted.categories)
    entries = []
    for column in columns.all:
        found = _category(next(categories), most) if column.is_category else _number(next(numbers))
        entries.append(_entry(column) | found)
    return {"missing": [*columns.missing], "columns": entries}


def _entry(column: Column) -> dict[str, Any]:
    entry = {"name": column.name, "type": column.type}
    return entry | ({"format": column.format} if column.format else {})


def _number(moments: Moments) -> dict[str, Any]:
    known = moments.count > 0
    return {
        "missing": moments.missing > 0,
        "mean": moments.mean,
        "variance": moments.variance,
        "low": moments.low if known else None,
        "high": moments.high if known else None,
    }


def _category(values: dict[str, int], most: int) -> dict[str, Any]:
    named = [value for value in values if value]
    return {"missing": "" in values, "values": named[:most], "other": len(named) > most}


def width(entry: Mapping[str, Any]) -> int:
    """Return how many of the encoded features a column of columns.json becomes."""
    if entry["type"] == "category":
        return len(entry["values"]) + bool(entry["missing"]) + bool(entry["other"])
    return 1 + bool(entry["missing"])
