"""Split examples into train, validation and test: stratified, seeded, disjoint."""

from collections.abc import Sequence

import numpy as np

from modelyard.config.data_section import SPLITS, Split, Splits


def split_indices(labels: Sequence[str], shares: Splits, seed: int) -> dict[Split, list[int]]:
    """Return sorted positions by split; a label of three or more is in each, in its share.

    Unlike scikit-learn's `train_test_split`, none of these is left out of a small split. What a
    smaller one has is trained on.
    """
    random = np.random.default_rng(seed)
    positions: dict[str, list[int]] = {}
    for position, label in enumerate(labels):
        positions.setdefault(label, []).append(position)
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
    return max(0, min(max(1, round(count * share)), count - leave))
