"""Would a clone have it? What is tracked by DVC or by Git, and what is not."""

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path, PurePosixPath

from modelyard.errors import UserError
from modelyard.git import run_git

from .definitions import PIPELINE, UNKNOWN, Stage, files, holds, stages

UNSEEN = {".gitignore", ".gitkeep", ".DS_Store", "Thumbs.db", "desktop.ini"}


def untracked_root(root: Path) -> str | None:
    """Say that a clone would lack raw data, of which neither DVC nor Git knows; None if it has it.

    Files of a folder may be tracked one by one, some by DVC, others by Git.
    """
    path = posixpath.normpath(root.as_posix())
    if not Path(PIPELINE).is_file() or _is_tracked_whole(path):
        return None
    outs = [out for stage in _all_stages() for out in stage.outs if holds(path, out)]
    known = {file for file in _in_git() if holds(path, file)}
    if not outs and not known:
        return _sentence(path, "which is", path)
    missing = [
        file
        for file in _files(root)
        if file not in known and not any(holds(out, file) for out in outs)
    ]
    if not missing:
        return None
    more = len(missing) - 1
    what = f"{missing[0]} and {more} more files are" if more else f"{missing[0]} is"
    return _sentence(path, f"of which {what}", missing[0])


def _sentence(root: str, what: str, path: str) -> str:
    here = Path(root).exists()
    effect = "so a clone would lack it" if here else "and it is not here"
    return (
        f"config.yaml: data.root is {root}, {what} tracked neither by DVC nor by Git, {effect}; "
        f"run `dvc add {path}`{'' if here else ' where it is'}, then commit {path}.dvc and "
        "`dvc push`."
    )


def _is_tracked_whole(path: str) -> bool:
    """Say whether a stage or a .dvc file names a path or a folder above it, or a submodule does."""
    if any(holds(out, path) for stage in _all_stages() for out in stage.outs):
        return True
    known = _in_git()
    return any(str(folder) in known for folder in (path, *PurePosixPath(path).parents))


class Tracked:
    """What stages write and DVC or Git tracks, looked up once for any number of paths."""

    def __init__(self) -> None:
        """Read every dvc.yaml and .dvc file, and ask Git."""
        outs = {out for stage in _all_stages() for out in stage.outs}
        self._partly_known = [out for out in outs if UNKNOWN in out]
        self._outs = outs - {*self._partly_known}
        self._known = self._outs | _in_git()
        self._known |= {str(above) for path in self._known for above in PurePosixPath(path).parents}

    def __contains__(self, path: str) -> bool:
        """Say whether a path, something in it or a folder above it is written or tracked."""
        above = {path, *map(str, PurePosixPath(path).parents)}
        return path in self._known or bool(above & self._outs) or any(
            holds(out, path) or holds(path, out) for out in self._partly_known
        )  # fmt: skip


def untracked_dependencies(root: Path) -> list[str]:
    """Return what stages depend on, but for raw data, that a clone would lack."""
    every = list(_all_stages())
    outs = [out for stage in every for out in stage.outs]
    known = _in_git()
    known |= {str(parent) for file in known for parent in PurePosixPath(file).parents}
    asked = dict.fromkeys(path for stage in every for path in stage.deps)
    return [
        path
        for path in asked
        if path != root.as_posix()
        and path not in known
        and not any(holds(out, path) or holds(path, out) for out in outs)
    ]


def not_in_git() -> list[str]:
    """Return what DVC needs in a clone and Git does not have: dvc.yaml, dvc.lock, .dvc files."""
    found = [str(path) for path in files()]
    locks = [str(path) for file in found if (path := Path(file).with_name("dvc.lock")).is_file()]
    known = _in_git()
    return sorted(name for name in {*found, *locks} if name not in known)


def _all_stages() -> Iterator[Stage]:
    return chain.from_iterable(map(stages, files()))


def _in_git() -> set[str]:
    """Return the files in Git at or below the project; none where there is no repository."""
    with suppress(UserError):
        done = run_git("ls-files", "-z")
        if done.returncode == 0:
            return set(done.stdout.decode("utf-8", "surrogateescape").split("\0")) - {""}
    return set()


def _files(root: Path) -> Iterator[str]:
    """Yield the files of raw data, not what tools leave beside them."""
    if root.is_file():
        yield root.as_posix()
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.name not in UNSEEN and path.suffix != ".dvc":
            yield path.as_posix()
