"""Examples of an input, stacked as a model takes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelyard.data.manifest import STRING, ArraySpec


def stacked(values: Sequence[Any], spec: ArraySpec) -> np.ndarray:
    """Return values of equal shapes as (batch, *shape); texts as bytes in an array of objects."""
    if spec.dtype != STRING:
        return np.stack([np.asarray(value, spec.dtype) for value in values])
    found = np.array([*map(_cells, values)], object)
    flat = found.reshape(-1)
    flat[:] = [one.encode() if isinstance(one, str) else one for one in flat]
    return found


def nothing(spec: ArraySpec) -> Any:
    """Return zeros or empty texts of the shape; lengths that differ by example are 1."""
    shape = tuple(1 if size is None else size for size in spec.shape)
    if spec.dtype == STRING:
        return np.full(shape, b"", object) if shape else b""
    return np.zeros(shape, spec.dtype)


def _cells(value: Any) -> Any:
    return value if isinstance(value, str | bytes) else np.asarray(value, object).tolist()
