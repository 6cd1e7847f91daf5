"""Damaged files: named in one sentence, or removed with a word so that the work begins anew.

A file is damaged where it is empty, cut short, of other content, or something else than a file.
"""

import json
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from .disk import remove
from .errors import UserError
from .faults import named

STATE = ".checkpoints"  # what lies below can be made again, at the price of time
# What reading content of another kind raises, of Python, pydantic and NumPy.
WRONG = (
    AttributeError, EOFError, LookupError, NotImplementedError, RecursionError, TypeError,
    ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
Found = TypeVar("Found")


@contextmanager
def understood(path: Path, remedy: str = "delete it and `dvc repro`") -> Iterator[None]:
    """Name a file in the sentence when its content makes the block fail."""
    try:
        yield
    except WRONG as error:
        raise UserError(f"{path} is damaged ({why(error)}); {remedy}.") from error


def why(error: BaseException) -> str:
    """Return what is wrong with content in a few words."""
    said = " ".join(str(error).split())[:200].rstrip(".")
    return f"{said!r} is missing" if isinstance(error, KeyError) else said or type(error).__name__


def drop(path: Path, reason: str, instead: str) -> None:
    """Remove damaged state, and say what is done instead."""
    remove(path)
    print(f"warning: {path} is damaged ({reason}); {instead}.", file=sys.stderr, flush=True)


def read_state(path: Path, read: Callable[[Any], Found], instead: str) -> Found | None:
    """Return what `read` makes of a JSON file; None if there is none, or after a damaged one went.

    `instead` ends the sentence that says so.
    """
    if not (path.exists() or path.is_symlink()):
        return None
    if not path.is_file():
        drop(path, "it is not a file", instead)
        return None
    try:
        with named(path):
            return read(json.loads(path.read_bytes()))
    except WRONG as error:
        drop(path, why(error) or "it is empty", instead)
    return None


def clear_way(folder: Path, instead: str) -> None:
    """Remove whatever lies where a folder of state belongs."""
    parts = [folder, *folder.parents]
    for path in reversed([part for part in parts if STATE in part.parts]):
        if (path.exists() or path.is_symlink()) and not path.is_dir():
            drop(path, "it is not a folder", instead)
