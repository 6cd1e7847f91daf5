"""What `prepare` writes of images with any number of labels each, or with a number to learn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.config.data_section import ImageData
from modelyard.errors import UserError
from modelyard.files import write_csv

from .annotations import Example
from .manifest import ArraySpec, Head, Specs
from .targets import Labels, Numbers, Targets


def head(config: ImageData) -> Head:
    """Return what a target means."""
    return "number" if config.target == "value" else "labels"


def specs(config: ImageData, classes: Sequence[str]) -> Specs:
    """Describe the targets: 1 for each class that an image shows, else 0; or the number."""
    if head(config) == "number":
        return {"values": ArraySpec(shape=(), dtype="float32")}
    return {"labels": ArraySpec(shape=(len(classes),), dtype="float32")}


def groups(examples: Sequence[Example]) -> Sequence[str]:
    """Return each image's rarest label, or which tenth of the numbers its own is in.

    Raises:
        UserError: all images have the same labels, or the same number.
    """
    targets = _targets(examples)
    first, *others = targets.values
    if all(one == first for one in others):
        said = f"the labels {', '.join(first)}" if isinstance(first, list) else f"the value {first}"
        raise UserError(f"Every image has {said}, so there is nothing to learn; add others.")
    return targets.strata


def write_targets(
    config: ImageData, folder: Path, split: str, members: Sequence[Example], classes: list[str]
) -> None:
    """Write `<split>_labels.npy`, float32 (examples, classes), and `<split>.csv`: path, labels.

    Of numbers these are `<split>_values.npy`, float32 (examples,), and path, value.
    """
    del config
    targets = _targets(members)
    targets.classes = classes
    for name, array in targets.arrays(range(len(members))).items():
        np.save(folder / f"{split}_{name}.npy", array)
    rows = [{"path": one.path, **targets.listed(at)} for at, one in enumerate(members)]
    write_csv(folder / f"{split}.csv", rows)


def _targets(examples: Sequence[Example]) -> Targets:
    values: list[Any] = [one.objects[0].value if one.objects else None for one in examples]
    if None not in values:
        return Numbers(values)
    return Labels([[one.label for one in example.objects] for example in examples])
