"""Draw splits of what must stay together: images of a group, and images with equal pixels."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from modelyard.config.data_section import Split

HELD_OUT: tuple[Split, ...] = ("validation", "test")
Shares = Mapping[Split, float]
Indices = dict[Split, list[int]]


def together(count: int, *keys: Sequence[Hashable | None]) -> list[list[int]]:
    """Return positions 0 to `count` in units: those with an equal key that is not None are one.

    A unit is a chain: two that differ in each key may both be equal to a third.
    """
    first = list(range(count))

    def start(position: int) -> int:
        while first[position] != position:
            first[position] = first[first[position]]
            position = first[position]
        return position

    for key in keys:
        seen: dict[Hashable, int] = {}
        for position, value in enumerate(key):
            if value is not None:
                one, other = sorted((start(position), start(seen.setdefault(value, position))))
                first[other] = one
    units: dict[int, list[int]] = {}
    for position in range(count):
        units.setdefault(start(position), []).append(position)
    return list(units.values())


def grouped(
    units: Sequence[Sequence[int]], labels: Sequence[str], shares: Shares, seed: int
) -> Indices:
    """Return positions by split; no unit is divided, and each split gets its share of each label.

    The largest units come first, equal ones in a seeded order. Each goes to the split that lacks
    most of its labels, unless one of these has just enough units left for the splits that have
    none of it; of these train is the first.
    """
    totals, sizes = Counter(labels), Counter[Split]()
    holds: dict[Split, Counter[str]] = {split: Counter() for split in shares}
    left = Counter(label for unit in units for label in {labels[i] for i in unit})
    indices: Indices = {split: [] for split in shares}
    order = np.random.default_rng(seed).permutation(len(units)).tolist()
    for number in sorted(order, key=lambda number: -len(units[number])):
        counts = Counter(labels[i] for i in units[number])
        last = [
            label for label in counts if left[label] <= sum(not holds[s][label] for s in shares)
        ]

        def lack(split: Split, counts: Counter[str] = counts, last: list[str] = last) -> object:
            needed = sum(not holds[split][label] for label in last)
            parts = (
                count * (shares[split] - holds[split][label] / totals[label])
                for label, count in counts.items()
            )
            overall = shares[split] - sizes[split] / len(labels)
            return needed, needed and split == "train", round(sum(parts), 9), round(overall, 9)

        split = max(shares, key=lack)  # type: ignore[arg-type]
        indices[split] += units[number]
        holds[split] += counts
        sizes[split] += counts.total()
        left.subtract(counts.keys())
    return {split: sorted(found) for split, found in indices.items()}
