"""Columns that do not help a model of new rows: identifiers, and what gives the target away."""

from collections.abc import Iterator

import numpy as np

from .columns import Columns
from .fitting import Fitted

SURE = 0.99  # of the rows: a column tells the target
STRAIGHT = 0.9999  # correlation: a number is the target in another unit
UNIQUE = 0.95  # of the rows have a value of their own: an identifier
FEWEST = 20  # rows of which such a share says anything
FEW = 1000  # different numbers that are looked at one by one
MOST_CLASSES = 20  # that a threshold is looked for
MOST_ROWS = 200_000  # that are looked at for it
IGNORE = "set data.columns: {{{name}: ignore}} in config.yaml"


def suspicions(
    columns: Columns, fitted: Fitted, numbers: np.ndarray, target: np.ndarray, *, is_number: bool
) -> Iterator[str]:
    """Yield a sentence for each column of the training rows that a model should perhaps not see.

    Args:
        columns: that models see.
        fitted: to the training rows.
        numbers: of the training rows, float64 (rows, n); may be a memory map.
        target: of the training rows: numbers, or int labels.
        is_number: whether the target is a number.
    """
    for position, column in enumerate(columns.numbers):
        values = np.asarray(numbers[:, position], np.float64)
        if _counts_rows(values):
            yield _identifier(column.name, "counts the rows")
        elif why := _number_tells(values, target) if is_number else _told(values, target):
            yield _gives_away(column.name, why)
    for column, counts, codes in zip(
        columns.categories, fitted.categories, fitted.codes, strict=True
    ):
        present = fitted.rows - counts.get("", 0)
        distinct = len(counts) - ("" in counts)
        if present >= FEWEST and distinct >= UNIQUE * present:
            yield _identifier(column.name, f"has {distinct:,} different values in {present:,} rows")
        elif not is_number and (share := _determined(codes, target)) >= SURE:
            yield _gives_away(column.name, _determines(share))


def _identifier(name: str, why: str) -> str:
    return (
        f"column {name!r} {why}: it looks like an identifier, which says nothing about new rows; "
        f"{IGNORE.format(name=name)}."
    )


def _gives_away(name: str, why: str) -> str:
    return (
        f"column {name!r} gives the target away: {why}; if it is not known before the target is, "
        f"{IGNORE.format(name=name)}."
    )


def _determines(share: float) -> str:
    return f"its value tells the class of {share:.1%} of the training rows"


def _counts_rows(values: np.ndarray) -> bool:
    """Say whether whole numbers rise from row to row, with hardly a gap."""
    if len(values) < FEWEST or np.isnan(values).any() or (values % 1).any():
        return False
    steps = np.diff(values)
    return bool((steps > 0).all() and values[-1] - values[0] < 2 * len(values))


def _number_tells(values: np.ndarray, target: np.ndarray) -> str:
    """Say how far a number is the target, or nothing."""
    there = ~np.isnan(values)
    values, target = values[there], target[there]
    if len(values) < FEWEST or values.std() == 0 or target.std() == 0:
        return ""
    if (share := float(np.isclose(values, target, rtol=1e-6).mean())) >= SURE:
        return f"it is equal to it in {share:.1%} of the training rows"
    if (found := abs(float(np.corrcoef(values, target)[0, 1]))) >= STRAIGHT:
        return f"its correlation with it is {found:.6f}"
    return ""


def _told(values: np.ndarray, labels: np.ndarray) -> str:
    """Say how far a number tells the class: by its value, or by a threshold; or nothing."""
    there = ~np.isnan(values)
    values, labels = values[there], labels[there]
    step = max(1, len(values) // MOST_ROWS)
    values, labels = values[::step], labels[::step]
    if len(values) < FEWEST:
        return ""
    different, codes = np.unique(values, return_inverse=True)
    if len(different) <= FEW and (share := _determined(codes, labels)) >= SURE:
        return _determines(share)
    share, threshold = _threshold(values, labels)
    if share >= SURE:
        return f"whether it is above {threshold:g} tells the class of {share:.1%} of the rows"
    return ""


def _determined(codes: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows whose class is the usual one of their value.

    Only values that are there twice say anything; 0 where these are less than half of the rows,
    or where one class is nearly all of them anyway.
    """
    classes = int(labels.max()) + 1 if len(labels) else 1
    counts = np.bincount(codes)
    rows = counts[codes] > 1
    total = int(rows.sum())
    if total < max(FEWEST, len(codes) / 2) or np.bincount(labels[rows]).max() >= SURE * total:
        return 0.0
    pairs, found = np.unique(codes[rows].astype(np.int64) * classes + labels[rows],
                             return_counts=True)  # fmt: skip
    usual = np.zeros(len(counts), np.int64)
    np.maximum.at(usual, pairs // classes, found)
    return float(usual.sum() / total)


def _threshold(values: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return the largest share of rows whose class one threshold tells, and the threshold."""
    classes = int(labels.max()) + 1
    if classes > MOST_CLASSES or np.bincount(labels).max() >= SURE * len(labels):
        return 0.0, 0.0
    order = np.argsort(values, kind="stable")
    values, labels = values[order], labels[order]
    below = np.cumsum(np.eye(classes, dtype=np.int64)[labels], axis=0)
    right = below.max(axis=1) + (below[-1] - below).max(axis=1)
    right[:-1][values[1:] == values[:-1]] = 0  # no threshold lies between equal values
    best = int(right[:-1].argmax())
    return float(right[best] / len(labels)), float(values[best])
