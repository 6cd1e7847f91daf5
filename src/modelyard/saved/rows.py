"""Predictions on disk: an array that grows row by row, so that no split's is in memory."""

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np


def write_rows(file: Path, batches: Iterable[np.ndarray]) -> None:
    """Write batches of rows one after the other as one `.npy` of float32.

    Its bytes are those of `np.save`, whose header has room for any number of rows.
    """
    with file.open("wb") as opened:
        count, shape = 0, tuple[int, ...]()
        for batch in batches:
            if not count:
                shape = batch.shape[1:]
                _begin(opened, count, shape)
            opened.write(np.ascontiguousarray(batch, np.float32).tobytes())
            count += len(batch)
        opened.seek(0)
        _begin(opened, count, shape)


def _begin(opened: IO[Any], count: int, shape: tuple[int, ...]) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (count, *shape)}
    np.lib.format.write_array_header_1_0(opened, header)
