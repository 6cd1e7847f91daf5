"""Splits as the annotations name them, and what of it no training could use."""

from collections.abc import Sequence
from pathlib import Path

from modelyard.config.data_section import SPLITS
from modelyard.errors import UserError

from .annotations import Example
from .grouping import HELD_OUT, Indices


def given_indices(noun: str, examples: Sequence[Example], file: Path) -> Indices:
    """Return sorted positions by the split that the annotations name; all of train if none.

    Says whether validation and test are drawn from train, where splits are named.

    Raises:
        UserError: they name one for some examples only, none for train, or two for one group.
    """
    without = [example.path for example in examples if example.split is None]
    if without and len(without) < len(examples):
        raise UserError(
            f"{file} names no split for {len(without)} of {len(examples)} {noun}s, first "
            f"{', '.join(without[:3])}; name one for every {noun}, or for none."
        )
    indices: Indices = {split: [] for split in SPLITS}
    for position, example in enumerate(examples):
        indices[example.split or "train"].append(position)
    if without:
        return indices
    if not indices["train"]:
        raise UserError(
            f"{file} names splits, and no usable {noun} is in train; put some there, or name no "
            f"split for any {noun} and data.splits in config.yaml draws them."
        )
    _check_groups(examples, file)
    print(_said(noun, indices, file))
    return indices


def check_learned(noun: str, examples: Sequence[Example], indices: Indices, file: Path) -> None:
    """Refuse a class that only validation or test show: nothing could be learned of it.

    Raises:
        UserError: naming the first ones.
    """
    shown = [set[str]().union(*(learned(examples[i]) for i in indices[split])) for split in SPLITS]
    if unknown := sorted(set[str]().union(*shown) - shown[0]):
        raise UserError(
            f"{file} names splits, and {len(unknown)} classes are not in train, first "
            f"{', '.join(unknown[:3])}; move {noun}s of each there, or drop the class."
        )


def learned(example: Example) -> set[str]:
    """Return the classes that an example shows; crowds are not learned, and numbers are none."""
    return {one.label for one in example.objects if not one.crowd and one.value is None}


def _said(noun: str, indices: Indices, file: Path) -> str:
    missing = [split for split in HELD_OUT if not indices[split]]
    if not missing:
        return f"{file} names the split of each {noun}; data.splits in config.yaml is not used."
    are = "is" if len(missing) == 1 else "are"
    return (
        f"{file} names no usable {noun} of {' or '.join(missing)}, which {are} drawn from train "
        "in the shares of data.splits in config.yaml."
    )


def _check_groups(examples: Sequence[Example], file: Path) -> None:
    first: dict[str, Example] = {}
    for one in examples:
        if one.group is None:
            continue
        other = first.setdefault(one.group, one)
        if one.split != other.split:
            raise UserError(
                f"{file}: the group {one.group!r} is in {other.split} ({other.path}) and in "
                f"{one.split} ({one.path}); put all of a group into one split, or drop "
                "data.group_column in config.yaml."
            )
