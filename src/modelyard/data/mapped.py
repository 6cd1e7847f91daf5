"""Prepared arrays on disk, of which only what is being read takes memory."""

import mmap
from pathlib import Path
from typing import Any

import numpy as np

FORGET = getattr(mmap, "MADV_DONTNEED", None)  # not on Windows


class Mapped(np.memmap[Any, Any]):
    """A file as an array; examples are copied out of it, then forgotten by this process.

    Else a process that has read all examples once has as much memory as the file is long, until
    others need it. The system still knows what it has read and gives it again at once.
    """

    def __getitem__(self, key: Any) -> Any:
        """Return what numpy does; of positions, as of a batch, a plain array."""
        if not isinstance(key, np.ndarray):
            return super().__getitem__(key)
        if key.ndim == 1 and key.dtype.kind in "iu":
            found = np.take(self.view(np.ndarray), key, axis=0)  # releases Python's lock
        else:
            found = super().__getitem__(key)
        mapping: Any = self._mmap  # type: ignore[attr-defined]
        if FORGET is not None and mapping is not None:
            mapping.madvise(FORGET)
        return np.asarray(found)


def open_mapped(path: Path) -> Mapped:
    """Open a `.npy` without reading it.

    Raises:
        OSError, ValueError: it is missing or damaged.
    """
    return np.lib.format.open_memmap(path, mode="r").view(Mapped)
