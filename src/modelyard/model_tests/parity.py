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


@dataclass(frozen=True)
class Difference:
    """How far two sets of predictions are apart.

    Attributes:
        largest: the largest difference of two numbers, as a share of those above 1.
        record: the first image that differs by more than the tolerance, None if none does.
        images: how many do.
        alone: objects that only one of the two has, and that rounding may explain.
    """

    largest: float
    record: int | None
    images: int
    alone: int = 0


def read_predictions(path: Path) -> np.ndarray:
    """Return predictions (images, …).

    Raises:
        ValueError: there are none, or not every one is a number.
    """
    try:
        values: np.ndarray = np.load(path)
    except (OSError, ValueError, EOFError):
        raise ValueError(f"{path} is missing or damaged") from None
    wrong = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
    if wrong.size:
        raise ValueError(f"{path}: NaN or infinite for image {wrong[0] + 1} of {len(values)}")
    return values


def difference(stored: np.ndarray, found: np.ndarray, tolerance: float) -> Difference:
    """Compare predictions (images, …) of two models.

    Raises:
        ValueError: they have different shapes.
    """
    if stored.shape != found.shape:
        raise ValueError(f"predictions {found.shape}, at training time {stored.shape}")
    if not stored.size:
        raise ValueError("no predictions to compare")
    apart = _apart(stored, found).reshape(len(stored), -1).max(axis=1)
    objects = stored.ndim == 3  # noqa: PLR2004  (images, objects, columns)
    alone = _compare_as_sets(stored, found, apart, tolerance) if objects else 0
    differing = np.flatnonzero(apart > tolerance)
    record = int(differing[0]) if differing.size else None
    return Difference(float(apart.max()), record, len(differing), alone)


def _apart(one: Any, other: Any) -> Any:
    """Return absolute differences, of numbers above 1 as shares of them."""
    return np.abs(one - other) / np.maximum(1, np.abs(one))


def _compare_as_sets(
    stored: np.ndarray, found: np.ndarray, apart: np.ndarray, tolerance: float
) -> int:
    """Put how far objects are from those most like them into `apart`, where it is too much.

    Returns:
        How many objects are without a like and were left out, as rounding explains them.
    """
    nearest = {
        image: _nearest(stored[image], found[image]) for image in np.flatnonzero(apart > tolerance)
    }
    unsure = {
        image: np.concatenate([stored[image, :, SCORE], found[image, :, SCORE]]) < UNSURE
        for image in nearest
    }
    excused = {image: unsure[image] & (nearest[image] > tolerance) for image in nearest}
    alone = sum(int(objects.sum()) for objects in excused.values())
    if alone > max(2, 2 * stored.shape[0] * stored.shape[1] // WITHOUT_LIKE):
        alone, excused = 0, {}
    for image, distances in nearest.items():
        counted = ~excused[image] if excused else slice(None)
        apart[image] = distances[counted].max(initial=0)
    return alone


def _nearest(stored: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return how far every object of both lists (n, columns) is from the nearest other one."""
    pairs = _apart(stored[:, None], found[None]).max(axis=-1)
    return np.concatenate([pairs.min(axis=1), pairs.min(axis=0)])
