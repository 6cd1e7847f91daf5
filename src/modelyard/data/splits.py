"""Split examples into train, validation and test: as given, or stratified, seeded, disjoint."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from modelyard.config.data_section import SPLITS, SharedData, Splits
from modelyard.errors import UserError, one_of

from .annotations import Example
from .given import check_learned, given_indices, learned
from .grouping import HELD_OUT, Indices, Shares, grouped, together

MOST_NAMED = 3

Value = TypeVar("Value", bound=Hashable)


def divided(
    config: SharedData,
    file: Path,
    examples: Sequence[Example],
    strata: Sequence[str],
    content: Sequence[bytes | None],
) -> Indices:
    """Return sorted positions by split: as the annotations say, the others drawn from train.

    Args:
        config: with the shares and the seed.
        file: what lists the examples, for messages.
        examples: all that can be used.
        strata: what each split gets its share of, one an example.
        content: a hash of what each example is; equal ones are never drawn apart.

    Raises:
        UserError: the annotations name splits that cannot be used, or one would have no example.
    """
    indices = given_indices(config.NOUN, examples, file)
    missing = [split for split in HELD_OUT if not indices[split]]
    if missing:
        pool = indices["train"]
        kept = [examples[i] for i in pool]
        units = together(len(pool), [one.group for one in kept], [content[i] for i in pool])
        shares = {split: getattr(config.splits, split) for split in ("train", *missing)}
        if len(missing) < len(HELD_OUT):
            shares = {split: share / sum(shares.values()) for split, share in shares.items()}
        labels = [strata[i] for i in pool]
        draw = _stratified if len(units) == len(pool) else partial(grouped, units)
        drawn = draw(labels, shares, config.seed)
        _teach_all_classes(kept, drawn, units)
        indices |= {split: [pool[i] for i in found] for split, found in drawn.items()}
    _check_none_empty(config.NOUN, examples, content, indices)
    check_learned(config.NOUN, examples, indices, file)
    return indices


def split_indices(labels: Sequence[str], shares: Splits, seed: int) -> Indices:
    """Return sorted positions by split; a label of three or more is in each, in its share.

    Unlike scikit-learn's `train_test_split`, none of these is left out of a small split. What a
    smaller one has is trained on, of two one.
    """
    return _stratified(labels, {split: getattr(shares, split) for split in SPLITS}, seed)


def _stratified(labels: Sequence[str], shares: Shares, seed: int) -> Indices:
    random = np.random.default_rng(seed)
    positions: dict[str, list[int]] = {}
    for position, label in enumerate(labels):
        positions.setdefault(label, []).append(position)
    indices: Indices = {split: [] for split in shares}
    for label in sorted(positions):
        shuffled = random.permutation(positions[label]).tolist()
        taken = 0
        for split in [one for one in HELD_OUT if one in shares]:
            others = 2 if split == "validation" and "test" in shares else 1
            count = _share(len(shuffled), shares[split], leave=taken + others)
            indices[split] += shuffled[taken : taken + count]
            taken += count
        indices["train"] += shuffled[taken:]
    if "test" in shares and indices.get("validation") == []:  # no label has three
        tested = indices["test"]
        indices["validation"], indices["test"] = tested[1::2], tested[::2]
    return {split: sorted(found) for split, found in indices.items()}


def _share(count: int, share: float, leave: int) -> int:
    """Round a share of `count`: at least one, and at least `leave` remain for the others."""
    return max(0, min(max(1, round(count * share)), count - leave))


def _teach_all_classes(
    examples: Sequence[Example], indices: Indices, units: Sequence[Sequence[int]]
) -> None:
    """Move what shows a class that train lacks there, with all that must stay with it."""
    shown = [learned(example) for example in examples]
    known = set[str]().union(*(shown[i] for i in indices["train"]))
    unit_of = {position: unit for unit in units for position in unit}
    for split in [one for one in HELD_OUT if one in indices]:
        for position in indices[split]:
            if not shown[position] <= known:
                unit = set(unit_of[position])
                known.update(*(shown[i] for i in unit))
                indices[split] = [i for i in indices[split] if i not in unit]
                indices["train"] = sorted([*indices["train"], *unit])


def _check_none_empty(
    noun: str,
    examples: Sequence[Example],
    content: Sequence[bytes | None],
    indices: Indices,
) -> None:
    """Refuse a split without examples.

    Raises:
        UserError: saying which, and whether a group or equal examples leave none for it.
    """
    empty = [split for split in SPLITS if not indices[split]]
    if not empty:
        return
    said = f"{len(examples)} usable {noun}s leave {' and '.join(empty)} without any"
    group, grouped_images = _most([one.group for one in examples])
    digest, equal_images = _most(content)
    if grouped_images > max(1, equal_images):
        raise UserError(
            f"{said}, as no group is divided and the largest, {group!r}, holds {grouped_images} of "
            f"them; add {noun}s of other groups, or name smaller groups by data.group_column in "
            "config.yaml."
        )
    if equal_images > 1:
        equal = [one.path for one, found in zip(examples, content, strict=True) if found == digest]
        how = "image_size and sixteen_bit_range of " if noun == "image" else ""
        raise UserError(
            f"{said}, as equal {noun}s stay together and {equal_images} of them are equal once "
            f"they are read, first {' and '.join(equal[:2])}; drop them, or correct how {noun}s "
            f"are read: {how}data in config.yaml."
        )
    raise UserError(
        f"{said}: each split needs {one_of(noun)} of its own, and those of a class go to train "
        f"first; add {noun}s."
    )


def _most(values: Iterable[Value | None]) -> tuple[Value | None, int]:
    """Return the value that is there most often, and how often."""
    found = Counter(value for value in values if value is not None).most_common(1)
    return found[0] if found else (None, 0)


def warning_of_absent(noun: str, examples: Sequence[Example], indices: Indices) -> str:
    """Name what validation or test show nothing of; an empty string if they show all classes."""
    shown = {
        split: set[str]().union(*(learned(examples[i]) for i in indices[split])) for split in SPLITS
    }
    absent = [
        f"{label!r} in {split}"
        for split in HELD_OUT
        for label in sorted(shown["train"] - shown[split])
    ]
    if not absent:
        return ""
    more = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
    return (
        f"warning: no {noun} shows {', '.join(absent[:MOST_NAMED])}{more}; nothing can be measured "
        f"of a class there: add {noun}s of it."
    )
