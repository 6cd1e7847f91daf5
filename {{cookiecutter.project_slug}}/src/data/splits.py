"""Split examples into train, validation and test: stratified, seeded, disjoint."""

from collections.abc import Sequence

import numpy as np

from ..utils.manifest import SPLITS, Split
from ..utils.schema import Splits
from ..utils.utils import UserError


def split_indices(labels: Sequence[str], shares: Splits, seed: int) -> dict[Split, list[int]]:
    """Return sorted positions by split; every class is in every split, in its share.

    Unlike scikit-learn's `train_test_split`, no class is left out of a small split.

    Raises:
        UserError: a class has fewer examples than there are splits.
    """
    random = np.random.default_rng(seed)
    positions: dict[str, list[int]] = {}
    for position, label in enumerate(labels):
        positions.setdefault(label, []).append(position)
    _check_counts(positions)
    indices: dict[Split, list[int]] = {split: [] for split in SPLITS}
    for label in sorted(positions):
        shuffled = random.permutation(positions[label]).tolist()
        validation = _share(len(shuffled), shares.validation, leave=2)
        test = validation + _share(len(shuffled), shares.test, leave=validation + 1)
        indices["validation"] += shuffled[:validation]
        indices["test"] += shuffled[validation:test]
        indices["train"] += shuffled[test:]
    return {split: sorted(found) for split, found in indices.items()}


def _share(count: int, share: float, leave: int) -> int:
    """Round a share of `count`: at least one, and at least `leave` remain for the others."""
    return min(max(1, round(count * share)), count - leave)


def _check_counts(positions: dict[str, list[int]]) -> None:
    rare = {label: len(found) for label, found in positions.items() if len(found) < len(SPLITS)}
    if rare:
        named = ", ".join(f"{label} ({count})" for label, count in sorted(rare.items())[:3])
        raise UserError(
            f"{len(rare)} classes would leave a split with no example of them, first {named}: "
            f"each class needs at least {len(SPLITS)} images; add images or drop the class."
        )
    if len(positions) == 1:
        raise UserError(
            f"The annotations name one class only, {next(iter(positions))!r}; "
            "a classifier needs at least two."
        )
