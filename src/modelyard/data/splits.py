"""Split examples into train, validation and test: as given, or stratified, seeded, disjoint."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelyard.config.data_section import SPLITS, Split, Splits
from modelyard.errors import UserError

from .annotations import Example


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


def given_indices(examples: Sequence[Example], file: Path) -> dict[Split, list[int]] | None:
    """Return sorted positions by the split that the annotations name, None where they name none.

    Raises:
        UserError: they name one for some images only, none for a split, or a class for which there
            is nothing to learn from.
    """
    without = [example.path for example in examples if example.split is None]
    if len(without) == len(examples):
        return None
    if without:
        raise UserError(
            f"{file} names no split for {len(without)} of {len(examples)} images, first "
            f"{', '.join(without[:3])}; name one for every image, or for none."
        )
    indices: dict[Split, list[int]] = {split: [] for split in SPLITS}
    for position, example in enumerate(examples):
        if example.split:
            indices[example.split].append(position)
    if empty := [split for split, positions in indices.items() if not positions]:
        raise UserError(
            f"{file} names splits, and no usable image is in {' or '.join(empty)}; put some there, "
            "or name no split for any image and data.splits in config.yaml draws them."
        )
    _check_learned(examples, file)
    return indices


def _check_learned(examples: Sequence[Example], file: Path) -> None:
    named = {example.split: set[str]() for example in examples}
    for example in examples:
        named[example.split] |= {one.label for one in example.objects if not one.crowd}
    unknown = sorted(set[str]().union(*named.values()) - named["train"])
    if unknown:
        raise UserError(
            f"{file} names splits, and {len(unknown)} classes are not in train, first "
            f"{', '.join(unknown[:3])}; move images of each there, or drop the class."
        )


def _share(count: int, share: float, leave: int) -> int:
    """Round a share of `count`: at least one, and at least `leave` remain for the others."""
    return max(0, min(max(1, round(count * share)), count - leave))
