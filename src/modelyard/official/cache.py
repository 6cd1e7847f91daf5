"""The user's cache of official models: checkpoints by their names, which say their content."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "MODELYARD_CACHE"  # such as a disk that machines share, where the home folder is small


def cache_folder() -> Path:
    """Return where fetched models are kept, for all projects of this user."""
    from platformdirs import user_cache_path

    root = os.environ.get(VARIABLE)
    return (Path(root) if root else user_cache_path("modelyard", appauthor=False)) / "official"


@contextmanager
def sole(path: Path) -> Iterator[None]:
    """Let one process at a time write a file of the cache; others wait, and say so."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"Waiting for another process that fetches {path.name}.", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
