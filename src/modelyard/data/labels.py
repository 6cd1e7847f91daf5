"""What `prepare` writes for classification: a label an image."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelyard.config.data_section import ImageData
from modelyard.errors import UserError
from modelyard.files import write_csv

from .annotations import Example
from .manifest import ArraySpec, Head, Specs


def head(_: ImageData) -> Head:
    """Return what a target means."""
    return "class"


def specs(_: ImageData, __: Sequence[str]) -> Specs:
    """Describe the targets: a position in the list of classes."""
    return {"labels": ArraySpec(shape=(), dtype="int32")}


def groups(examples: Sequence[Example]) -> list[str]:
    """Return each example's class: every split gets its share of each.

    Raises:
        UserError: there is one class only.
    """
    classes = {example.label for example in examples}
    if len(classes) == 1:
        raise UserError(
            f"The annotations name one class only, {next(iter(classes))!r}; "
            "a classifier needs at least two."
        )
    return [example.label for example in examples]


def write_targets(
    config: ImageData,  # noqa: ARG001  (other tasks need it)
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
