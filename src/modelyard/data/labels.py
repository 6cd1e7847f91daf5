"""What `prepare` writes for classification: a label an image."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelyard.config.data_section import SPLITS, DataConfig
from modelyard.errors import UserError
from modelyard.files import write_csv

from .annotations import Example


def groups(examples: Sequence[Example]) -> list[str]:
    """Return each example's class: every split gets its share of each.

    Raises:
        UserError: there is one class only, or one that a split would have nothing of.
    """
    counts = Counter(example.label for example in examples)
    rare = {label: count for label, count in counts.items() if count < len(SPLITS)}
    if rare:
        named = ", ".join(f"{label} ({count})" for label, count in sorted(rare.items())[:3])
        raise UserError(
            f"{len(rare)} classes would leave a split with no example of them, first {named}: "
            f"each class needs at least {len(SPLITS)} images; add images or drop the class."
        )
    if len(counts) == 1:
        raise UserError(
            f"The annotations name one class only, {next(iter(counts))!r}; "
            "a classifier needs at least two."
        )
    return [example.label for example in examples]


def write_targets(
    config: DataConfig,  # noqa: ARG001  (other tasks need it)
    folder: Path,
    split: str,
    members: Sequence[Example],
    classes: list[str],
) -> None:
    """Write `<split>_labels.npy`, int32 (examples,), and `<split>.csv`: path, class."""
    labels = np.array([classes.index(example.label) for example in members], np.int32)
    np.save(folder / f"{split}_labels.npy", labels)
    rows = [{"path": example.path, "class": example.label} for example in members]
    write_csv(folder / f"{split}.csv", rows)
