"""Keep a copy of `.checkpoints` in the bucket while a training runs, for the next machine."""

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

CHECKPOINTS = Path(".checkpoints")
SNAPSHOT = Path(".partial-checkpoints")  # on the same disk, so that hard links reach
TRIES, PAUSE = 20, 0.05  # a snapshot takes milliseconds, an epoch seconds
Seen = tuple[int, int]


def backup_path(root: str, branch: str) -> str:
    """Return where a branch's backups are below a remote's folder."""
    return f"{root}/checkpoints/{quote(branch, safe='')}"


class Mirror:
    """Makes a remote folder equal to `.checkpoints`, and the other way round on a new machine.

    What lies there is named by the hash of configuration, data and code, so a backup of anything
    else is never resumed from.
    """

    def __init__(self, fs: Any, target: str) -> None:
        """Mirror to `target` of an fsspec file system."""
        self.fs, self.target = fs, target
        self._uploaded: dict[str, Seen] = {}

    def restore(self) -> int:
        """Fetch the copy unless this machine has backups of its own; return how many files."""
        if CHECKPOINTS.exists():
            return 0
        self.fs.invalidate_cache()
        found = list(self.fs.find(self.target))
        for path in found:
            local = CHECKPOINTS / path.removeprefix(self.target).lstrip("/")
            local.parent.mkdir(parents=True, exist_ok=True)
            self.fs.get_file(path, str(local))
        self._uploaded = {name: _seen(CHECKPOINTS / name) for name in _names(CHECKPOINTS)}
        return len(found)

    def upload(self, *, finished: bool = False) -> int:
        """Upload what changed, oldest first, then remove what is gone; return how many files.

        A training names a file only after writing it: in that order, whenever the machine dies,
        the copy names nothing that it lacks. A training that ended removes its folder; the copy
        goes only when all has `finished`: its results must be safe elsewhere first.
        """
        with _snapshot() as folder:
            present = {name: _seen(folder / name) for name in _names(folder)}
            changed = [name for name in present if present[name] != self._uploaded.get(name)]
            for name in sorted(changed, key=present.__getitem__):
                self.fs.put_file(str(folder / name), f"{self.target}/{name}")
                self._uploaded[name] = present[name]
            for name in set(self._uploaded) - set(present):
                if not finished and not (CHECKPOINTS / name).parent.exists():
                    continue
                self.fs.rm_file(f"{self.target}/{name}")
                del self._uploaded[name]
        return len(changed)


@contextmanager
def _snapshot() -> Iterator[Path]:
    """Yield a copy of `.checkpoints` as it was at one moment: files are replaced, never rewritten.

    Raises:
        TimeoutError: they were replaced all the while.
    """
    try:
        for _ in range(TRIES):
            before = _states()
            _link(before)
            if _states() == before:
                break
            time.sleep(PAUSE)
        else:
            raise TimeoutError(f"{CHECKPOINTS} changed all the while; the next try is in a minute")
        yield SNAPSHOT
    finally:
        shutil.rmtree(SNAPSHOT, ignore_errors=True)


def _link(names: Iterable[str]) -> None:
    shutil.rmtree(SNAPSHOT, ignore_errors=True)
    SNAPSHOT.mkdir()
    for name in names:
        (SNAPSHOT / name).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # replaced or removed meanwhile: another try follows
            os.link(CHECKPOINTS / name, SNAPSHOT / name)


def _states() -> dict[str, Seen]:
    """Return what lies in `.checkpoints` now, by name."""
    found = {}
    for name in _names(CHECKPOINTS):
        with suppress(FileNotFoundError):
            found[name] = _seen(CHECKPOINTS / name)
    return found


def _names(folder: Path) -> list[str]:
    """Return the files below a folder, as paths relative to it; half-written ones are left out."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [path.as_posix() for path in paths if not path.name.startswith(".partial-")]


def _seen(path: Path) -> Seen:
    """Return what tells two states of a file apart: when it was written, and its size."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
