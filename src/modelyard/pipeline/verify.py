"""Is what DVC has recorded really there? Every size is compared, and the bytes of new files.

DVC takes a file out of its cache unread: a damaged one would become a result.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from modelyard.errors import UserError
from modelyard.files import read_yaml, write_json

SEEN = Path(".dvc/tmp/verified.json")  # what each output was like when it was last found right
FOLDER = ".dir"  # ends the hash of a folder; in the cache it is a list of its files
Likeness = list[Any]


class Recorded(NamedTuple):
    """A file or folder that a stage has written, and its MD5."""

    path: Path
    md5: str


class Cached(NamedTuple):
    """A file that a stage has written, its MD5, and where the cache has it."""

    path: Path
    md5: str
    cached: Path


def purge(locks: list[Path], cache: Path) -> list[str]:
    """Remove what is damaged in the cache of all that DVC would take out of it; return the paths.

    Those are the recorded files that are not here.
    """
    seen, found = _seen(), []
    for output in _outputs(locks):
        if _drop_broken_list(output, cache):
            found.append(str(output.path))
        elif not output.path.exists() or seen.get(str(output.path)) != _like(output):
            found += [
                str(one.path)
                for one in _files(output, cache)
                if one.cached.is_file() and not one.path.exists() and _md5(one.cached) != one.md5
                if _remove(one, even_intact=False)
            ]
    return found


def heal(locks: list[Path], cache: Path, *, succeeded: bool) -> list[str]:
    """Remove recorded files that are damaged, from the cache too; return their paths.

    DVC makes them again. Where a run failed, a file may be newer than the record: then only what
    is damaged in the cache goes.
    """
    seen = _seen()
    now, found = dict(seen), list[str]()
    for output in _outputs(locks):
        like = _like(output)
        if not output.path.exists() or seen.get(str(output.path)) == like:
            continue
        wrong = [one for one in _files(output, cache) if _is_wrong(one)]
        found += [str(one.path) for one in wrong if _remove(one, even_intact=succeeded)]
        if not wrong:
            now[str(output.path)] = like
    if now != seen:
        write_json(SEEN, now)
    return found


def cache_folder() -> Path:
    """Return where DVC keeps files by their MD5."""
    here = Path(".dvc/cache/files/md5")
    if here.is_dir():
        return here
    from dvc.exceptions import DvcException  # takes a third of a second
    from dvc.repo import Repo

    with suppress(DvcException):  # of which DVC itself says more
        return Path(Repo().cache.local.path)  # a team may share one elsewhere
    return here


def _outputs(locks: list[Path]) -> Iterator[Recorded]:
    """Yield what the stages of some dvc.lock files have written, by DVC 3."""
    for lock in locks:
        with suppress(UserError, AttributeError):  # missing or damaged: DVC says so
            for stage in (read_yaml(lock).get("stages") or {}).values():
                for out in stage.get("outs") or []:
                    if out.get("hash") == "md5":
                        yield Recorded(Path(str(out.get("path"))), str(out.get("md5")))


def _files(output: Recorded, cache: Path) -> Iterator[Cached]:
    """Yield each file of an output with its place in the cache."""
    entries = [{"md5": output.md5, "relpath": ""}]
    if output.md5.endswith(FOLDER):
        try:
            entries = json.loads(_place(cache, output.md5).read_bytes())
        except (OSError, ValueError):  # damaged: DVC itself makes it again
            return
    for entry in entries:
        yield Cached(output.path / entry["relpath"], entry["md5"], _place(cache, entry["md5"]))


def _drop_broken_list(folder: Recorded, cache: Path) -> bool:
    """Remove the cache's list of a folder's files if it is damaged; DVC itself never would."""
    cached = _place(cache, folder.md5)
    if not (folder.md5.endswith(FOLDER) and cached.is_file()):
        return False
    if broken := _md5(cached) + FOLDER != folder.md5:
        cached.unlink()
    return broken


def _place(cache: Path, md5: str) -> Path:
    return cache / md5[:2] / md5[2:]


def _is_wrong(one: Cached) -> bool:
    """Say whether a file is in the cache, and here with other bytes than recorded."""
    return one.cached.is_file() and one.path.is_file() and _md5(one.path) != one.md5


def _remove(one: Cached, *, even_intact: bool) -> bool:
    """Remove a wrong file, and its original if that is damaged; say whether."""
    damaged = _md5(one.cached) != one.md5
    if damaged:
        one.cached.unlink()
    if damaged or even_intact:
        one.path.unlink(missing_ok=True)
    return damaged or even_intact


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _like(output: Recorded) -> Likeness:
    """Return what changes when a file does, or one in a folder: sizes and times."""
    digest = hashlib.sha256()
    for name, stat in sorted(_stats(output.path)):
        digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "replace"))
    return [output.md5, digest.hexdigest()[:32]]


def _stats(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    if path.is_file():
        yield "", path.stat()
        return
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                yield f"{folder}/{name}", Path(folder, name).stat()


def _seen() -> Mapping[str, Likeness]:
    with suppress(OSError, ValueError):
        document = json.loads(SEEN.read_bytes())
        return document if isinstance(document, dict) else {}
    return {}
