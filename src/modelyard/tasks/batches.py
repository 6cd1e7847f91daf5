"""Examples in batches of one size, so that nothing needs those of a whole split in memory."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from modelyard.config.measured import BATCH


def in_batches(batches: Iterable[Any], size: int = BATCH) -> Iterator[Any]:
    """Yield what comes in batches of any sizes in batches of one; the last is shorter.

    A batch is an array, or arrays by name.
    """
    waiting: list[dict[str, np.ndarray]] = []
    named = False
    for some in batches:
        named = isinstance(some, dict)
        parts = some if named else {"": some}
        waiting.append({name: np.asarray(part) for name, part in parts.items()})
        if sum(map(count, waiting)) < size:
            continue
        joined = _joined(waiting)
        whole = count(joined) // size * size
        for at in range(0, whole, size):
            yield _given({name: part[at : at + size] for name, part in joined.items()}, named)
        rest = {name: part[whole:] for name, part in joined.items()}
        waiting = [rest] if count(rest) else []
    if waiting:
        yield _given(_joined(waiting), named)


def count(inputs: Any) -> int:
    """Return how many examples a batch has."""
    return len(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs)


def picked(inputs: Any, positions: Any) -> Any:
    """Return some examples of a batch: those at positions, or of a slice."""
    if isinstance(inputs, dict):
        return {name: part[positions] for name, part in inputs.items()}
    return inputs[positions]


def _given(parts: dict[str, np.ndarray], named: bool) -> Any:  # noqa: FBT001
    return parts if named else parts[""]


def _joined(waiting: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if len(waiting) == 1:
        return waiting[0]
    return {name: _concatenated([one[name] for one in waiting]) for name in waiting[0]}


def _concatenated(parts: list[np.ndarray]) -> np.ndarray:
    """Join batches; rows whose lengths differ are filled up with zeros."""
    longest = np.max([part.shape[1:] for part in parts], axis=0).astype(int)
    filled = [
        np.pad(
            part,
            [
                (0, 0),
                *((0, most - size) for most, size in zip(longest, part.shape[1:], strict=True)),
            ],
        )
        if part.shape[1:] != tuple(longest)
        else part
        for part in parts
    ]
    return np.concatenate(filled)


def one_by_one(batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield each example of batches; no batch is in memory while the next one is being made."""
    for batch in batches:
        for number in range(len(batch)):
            yield batch[number].copy()  # a view would keep the batch
        del batch
