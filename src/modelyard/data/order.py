"""The order in which an epoch reads shards that are far away: few at a time, mixed among them."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from .rows import Rows

WINDOW = 4  # shards that are mixed: they must fit into the cache twice
Part = tuple[int, int]  # which of how many machines


def shard_order(starts: Sequence[int], seed: int, epoch: int, part: Part = (0, 1)) -> np.ndarray:
    """Return the positions of an epoch, int64: a function of its arguments alone.

    `WINDOW` shards are mixed; their rows all come before those of the next ones.

    Args:
        starts: the first row of each shard, and how many rows there are.
        seed: of the training.
        epoch: each has another order.
        part: this machine's number and how many there are; each reads shards of its own, always the
            same ones, and equally many rows: some at the end of an epoch are left out, others in
            each.

    Raises:
        ValueError: there are more machines than shards.
    """
    number, machines = part
    counts = np.diff(starts)
    if machines > len(counts):
        raise ValueError(f"{machines} machines cannot share {len(counts)} shards")
    random = np.random.default_rng([seed, epoch, number])
    own = random.permutation(np.arange(number, len(counts), machines))
    windows = [own[at : at + WINDOW] for at in range(0, len(own), WINDOW)]
    mixed = [
        random.permutation(np.concatenate([np.arange(starts[n], starts[n + 1]) for n in one]))
        for one in windows
    ]
    least = min(int(counts[first::machines].sum()) for first in range(machines))
    return np.concatenate(mixed)[:least]


class ShardOrder:
    """The batches of positions of each epoch; asks for the shards of the next window in time."""

    def __init__(
        self, rows: Rows, seed: int, part: Part = (0, 1), epochs_per_pass: int = 1
    ) -> None:
        """Read nothing yet; the rows decide which shards there are.

        Raises:
            ValueError: there are more machines than shards.
        """
        self._rows, self._ahead = rows, WINDOW * int(np.diff(rows.starts).max())
        starts = tuple(rows.starts.tolist())
        order = lru_cache(maxsize=2)(lambda epoch: shard_order(starts, seed, epoch, part))
        self._order, self._parts = order, epochs_per_pass
        self._count = len(order(0)) // epochs_per_pass

    def __len__(self) -> int:
        """Return how many rows an epoch has."""
        return self._count

    def batch(self, epoch: int, start: int, size: int) -> np.ndarray:
        """Return the positions of an epoch from `start` on."""
        order = self._order(int(epoch) // self._parts)
        first = int(epoch) % self._parts * self._count
        end = first + min(start + size, self._count)
        ahead = first + start + self._ahead
        if not start:
            self._rows.expect(order[first:ahead])
        self._rows.expect(order[ahead : ahead + size])
        return order[first + start : end]
