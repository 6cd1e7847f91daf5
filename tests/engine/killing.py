"""End a search as `kill -9` would at the rename of a file, or keep what that would leave."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Killed(BaseException):
    """Ends a search as a kill would: nothing catches it, nothing is tidied up."""


@contextmanager
def killed_at_write(nth: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kill the search when it is about to rename its nth file."""
    writes = 0
    replace = Path.replace

    def count(self: Path, target: Path) -> Path:
        nonlocal writes
        writes += 1
        if writes == nth:
            raise Killed
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", count)
        yield


@contextmanager
def kept_at_writes(
    folders: dict[int, Path], source: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Copy a folder as a kill would leave it: by number, when that file is about to be renamed."""
    writes = 0
    replace = Path.replace

    def count(self: Path, target: Path) -> Path:
        nonlocal writes
        writes += 1
        if writes in folders:
            shutil.copytree(source, folders[writes])
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", count)
        yield
