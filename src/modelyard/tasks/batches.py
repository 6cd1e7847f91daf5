"""Examples in batches of one size, so that nothing needs those of a whole split in memory."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

BATCH = 32


def in_batches(examples: Iterable[Any], size: int = BATCH) -> Iterator[np.ndarray]:
    """Yield examples that come in batches of any sizes in batches of one; the last is shorter."""
    waiting: list[np.ndarray] = []
    for some in examples:
        waiting.append(np.asarray(some))
        if sum(map(len, waiting)) < size:
            continue
        joined = waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
        whole = len(joined) // size * size
        yield from (joined[at : at + size] for at in range(0, whole, size))
        waiting = [joined[whole:]] if whole < len(joined) else []
    if waiting:
        yield np.concatenate(waiting)


def one_by_one(batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield each example of batches; no batch is in memory while the next one is being made."""
    for batch in batches:
        for number in range(len(batch)):
            yield batch[number].copy()  # a view would keep the batch
        del batch
