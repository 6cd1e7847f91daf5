"""Disks: what is really on them, what killed writers left there, and room for new arrays."""

import errno
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import PARTIAL, named

if TYPE_CHECKING:
    import numpy as np

LEFT_SECONDS = 24 * 3600  # after which nobody is still writing a partial file
NO_RESERVING = (errno.EINVAL, errno.EOPNOTSUPP)  # what file systems say that cannot do it


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk itself."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such thing for folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove what lies at a path, a file or a whole folder; nothing is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in a folder, and one level below, more than a day ago.

    A folder that is empty then goes, too. What somebody else may not remove stays.
    """
    for left in [*folder.glob(f"{PARTIAL}*"), *folder.glob(f"*/{PARTIAL}*")]:
        if is_old(left):
            with suppress(OSError):
                remove(left)
                if left.parent != folder:
                    left.parent.rmdir()


def is_old(path: Path) -> bool:
    """Say whether nobody has written to a path for a day, so that nobody still does."""
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime > LEFT_SECONDS
    return False


def new_array(path: Path, dtype: Any, shape: Sequence[int]) -> "np.memmap":
    """Return a new array on disk, filled with zeros, for which there is room.

    Writing to one without room would end the process (SIGBUS), without a word.

    Raises:
        OSError: the disk is full; nothing is left at `path`.
    """
    import numpy as np

    with named(path):
        try:
            array = np.lib.format.open_memmap(path, "w+", dtype, tuple(shape))
            _reserve(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return array


def _reserve(path: Path) -> None:
    """Take the space that a file with holes will need."""
    size = path.stat().st_size
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                if error.errno not in NO_RESERVING:
                    raise
            else:
                return
    if shutil.disk_usage(path.parent).free < size:  # a file system that cannot reserve, or macOS
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
