"""Inference parity: what was saved, loaded elsewhere, predicts what the trained model did.

Outputs are compared number by number. Objects found in an image are compared as a set: they come in
the order of their scores, and rounding decides between equal ones. It also decides which of two
cells that are nearly equal is a peak, and so an object; hence a few that no one would be shown may
be without a like. Measured with TFLite: 2 of 60,000.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WITHOUT_LIKE = 1000  # one object of so many, or two, may be one that the other list lacks,
UNSURE = 0.3  # if its score is below: src.tasks.objects shows no one such an object
SCORE = 4  # its column
ROWS = 256  # examples compared at once


@dataclass(frozen=True)
class Difference:
    """How far two sets of predictions are apart.

    Attributes:
        largest: the largest difference of two numbers, as a share of those above 1.
        record: the first example that differs by more than the tolerance, None if none does.
        examples: how many do.
        alone: objects that only one of the two has, and that rounding may explain.
    """

    largest: float
    record: int | None
    examples: int
    alone: int = 0


def read_predictions(path: Path) -> np.ndarray:
    """Open predictions (examples, …), which stay on disk.

    Raises:
        ValueError: there are none, or not every one is a number.
    """
    try:
        values: np.ndarray = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        raise ValueError(f"{path} is missing or damaged") from None
    for start in range(0, len(values), ROWS):
        some = np.isfinite(values[start : start + ROWS])
        finite = some.reshape(len(some), -1).all(axis=1)
        if not finite.all():
            example = start + int(finite.argmin()) + 1
            raise ValueError(f"{path}: NaN or infinite for example {example} of {len(values)}")
    return values


def difference(stored: np.ndarray, found: np.ndarray, tolerance: float) -> Difference:
    """Compare predictions (examples, …) of two models, some at a time.

    Raises:
        ValueError: they have different shapes.
    """
    if stored.shape != found.shape:
        raise ValueError(f"predictions {found.shape}, at training time {stored.shape}")
    if not stored.size:
        raise ValueError("no predictions to compare")
    objects = stored.ndim == 3  # noqa: PLR2004  (images, objects, columns)
    parts = [
        _Part.of(stored[at : at + ROWS], found[at : at + ROWS], tolerance, objects=objects)
        for at in range(0, len(stored), ROWS)
    ]
    alone = sum(part.alone for part in parts)
    if objects and alone > max(2, 2 * stored.shape[0] * stored.shape[1] // WITHOUT_LIKE):
        alone = 0
    apart = np.concatenate([part.excused if alone else part.apart for part in parts])
    differing = np.flatnonzero(apart > tolerance)
    record = int(differing[0]) if differing.size else None
    return Difference(float(apart.max()), record, len(differing), alone)


def _apart(one: Any, other: Any) -> Any:
    """Return absolute differences, of numbers above 1 as shares of them."""
    return np.abs(one - other) / np.maximum(1, np.abs(one))


@dataclass(frozen=True)
class _Part:
    """Some examples.

    Attributes:
        apart: how far the predictions of each are apart, of objects those most alike.
        excused: the same without objects that have no like and that rounding may explain.
        alone: how many these are.
    """

    apart: np.ndarray
    excused: np.ndarray
    alone: int = 0

    @classmethod
    def of(
        cls, stored: np.ndarray, found: np.ndarray, tolerance: float, *, objects: bool
    ) -> "_Part":
        """Compare number by number, then as sets the objects of images that differ too much."""
        apart = _apart(stored, found).reshape(len(stored), -1).max(axis=1)
        excused, alone = apart.copy(), 0
        for at in np.flatnonzero(apart > tolerance) if objects else ():
            distances = _nearest(stored[at], found[at])
            scores = np.concatenate([stored[at, :, SCORE], found[at, :, SCORE]])
            unlike = (scores < UNSURE) & (distances > tolerance)
            apart[at] = distances.max(initial=0)
            excused[at] = distances[~unlike].max(initial=0)
            alone += int(unlike.sum())
        return cls(apart, excused, alone)


def _nearest(stored: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return how far every object of both lists (n, columns) is from the nearest other one."""
    pairs = _apart(stored[:, None], found[None]).max(axis=-1)
    return np.concatenate([pairs.min(axis=1), pairs.min(axis=0)])
