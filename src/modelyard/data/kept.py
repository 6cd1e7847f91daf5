"""Work that outlives a kill: a folder beside the prepared data that the next run goes on from."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from modelyard.disk import remove
from modelyard.documents import fingerprint
from modelyard.errors import UserError
from modelyard.faults import PARTIAL, named

DIGITS = 16  # of the hash in the folder's name
GIGABYTE = 1e9
DONE = ".npz"  # beside a file that is whole: what is known of it


class NoRoomError(UserError):
    """The disk has too little room for what is to be prepared."""


@contextmanager
def kept_folder(processed: Path, key: object) -> Iterator[Path]:
    """Yield a folder for what takes long to make; one of the same `key` is the one of before.

    It goes when the block ends, or ends with a mistake of the user's. Whole files in it stay when
    the run is killed or interrupted, or when the disk fails.
    """
    digest = fingerprint(key)[:DIGITS]
    folder = processed.with_name(f"{PARTIAL}{digest}-{processed.name}")
    pattern = f"{PARTIAL}{'[0-9a-f]' * DIGITS}-{escape(processed.name)}"
    with named(processed):
        for left in processed.parent.glob(pattern):
            if left != folder:  # of other settings, or other images
                remove(left)
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    except (OSError, KeyboardInterrupt, NoRoomError):
        _keep_whole(folder)
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _keep_whole(folder: Path) -> None:
    """Remove files that are not whole, and the folder if it has no other."""
    with suppress(OSError):
        for file in folder.iterdir():
            if not file.with_suffix(DONE).exists():
                remove(file)
        folder.rmdir()  # which one that is not empty survives


def check_room(processed: Path, size: int, what: str) -> None:
    """Refuse to begin what the disk has no room for.

    Raises:
        NoRoomError: saying how much is needed and how much is free.
    """
    there = next(one for one in processed.absolute().parents if one.exists())
    free = shutil.disk_usage(there).free
    if size > free:
        raise NoRoomError(
            f"{processed}: {what} take {size / GIGABYTE:.1f} GB, but only "
            f"{free / GIGABYTE:.1f} GB are free on the disk; free some space, or choose a smaller "
            "data.image_size, then run the same command again."
        )


def hand_over(file: Path, to: Path) -> None:
    """Let a file have a second name, or move it where the file system knows only one."""
    try:
        os.link(file, to)
    except OSError:
        file.replace(to)
