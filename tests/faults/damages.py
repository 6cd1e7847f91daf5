"""Ways in which a file can be damaged."""

import shutil
from collections.abc import Callable
from pathlib import Path


def emptied(path: Path) -> None:
    """Leave nothing in it, as a power cut does."""
    path.write_bytes(b"")


def cut(path: Path) -> None:
    """Leave the first half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwritten(path: Path) -> None:
    """Leave bytes that mean nothing."""
    path.write_bytes(bytes(range(256)) * 8)


def zeroed(path: Path) -> None:
    """Leave as many zeros, as a file system may after a power cut."""
    path.write_bytes(bytes(path.stat().st_size))


def mapping(path: Path) -> None:
    """Leave an empty mapping."""
    path.write_bytes(b"{}")


def sequence(path: Path) -> None:
    """Leave an empty list."""
    path.write_bytes(b"[]")


def without_history(path: Path) -> None:
    """Leave a mapping whose value is of another kind."""
    path.write_bytes(b'{"history": null, "trial_id": [], "values": 3}')


def made_a_folder(path: Path) -> None:
    """Put a folder in its place."""
    path.unlink()
    path.mkdir()
    (path / "inside").touch()


def removed(path: Path) -> None:
    """Leave nothing at all."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


DAMAGES: list[Callable[[Path], None]] = [
    emptied, cut, overwritten, zeroed, mapping, sequence, without_history, made_a_folder, removed,
]  # fmt: skip
