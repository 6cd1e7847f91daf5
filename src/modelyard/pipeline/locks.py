"""DVC's locks: drop what no living dvc of this project holds, name the one that does.

DVC itself trusts a lock if any process has its number, even a zombie or a stranger, and stops at a
file that a kill left empty.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from modelyard.errors import UserError

LOCKS = Path(".dvc/tmp/rwlock")
GUARD = ".lock"  # of the file above; DVC takes it while it reads and writes


class Holder(NamedTuple):
    """A process that is named in the file; paths are absolute."""

    pid: int
    command: str
    reads: list[str]
    writes: list[str]


def free(model: str) -> None:
    """Drop dead locks, each with a note; refuse to go on if a living dvc works on this model.

    Raises:
        UserError: its number, and what to do.
    """
    living: list[Holder] = []
    with _guarded() as ours:
        found = _read() if ours else []
        living = [holder for holder in found or () if is_living(holder)]
        if found is None or len(living) < len(found):
            _write(living)
            _note(found, living)
    for holder in living:
        if _concerns(holder, model):
            raise UserError(
                f"A dvc of this project is at work on the same files (PID {holder.pid}: "
                f"{holder.command}); wait until it has ended, or end it with "
                f"`kill {holder.pid}`, then run this again."
            )


def is_living(holder: Holder) -> bool:
    """Say whether a lock's process is a dvc that works in this project; in doubt it is."""
    import psutil  # comes with DVC

    try:
        process = psutil.Process(holder.pid)
        words = process.cmdline()
        if process.status() == psutil.STATUS_ZOMBIE or not words:
            return False
        here = Path(process.cwd()).is_relative_to(Path.cwd())
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # another user's
        return True
    return here and (holder.command in " ".join(words) or "dvc" in map(_name, words[:3]))


def _name(word: str) -> str:
    return PurePath(word).stem


def _concerns(holder: Holder, model: str) -> bool:
    """Say whether a process writes what a run of this model reads or writes.

    Another model's training does not: two models may be trained side by side.
    """
    root = Path.cwd()
    for path in map(Path, holder.writes):
        parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
        others = len(parts) > 1 and parts[0] in ("models", "training_metrics")
        if parts and not (others and parts[1] != model):
            return True
    return False


def _read() -> list[Holder] | None:
    """Return who holds locks; None: the file is damaged."""
    try:
        document = json.loads(LOCKS.read_text(encoding="utf-8"))
        found: dict[tuple[int, str], Holder] = {}
        for kind, path, info in _entries(document):
            key = (int(info["pid"]), str(info["cmd"]))
            getattr(found.setdefault(key, Holder(*key, [], [])), kind).append(path)
        return list(found.values())
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _entries(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, infos in document.get("read", {}).items():
        for info in infos:
            yield "reads", path, info
    for path, info in document.get("write", {}).items():
        yield "writes", path, info


def _write(living: list[Holder]) -> None:
    reads: dict[str, list[dict[str, Any]]] = {}
    writes: dict[str, dict[str, Any]] = {}
    for holder in living:
        info = {"pid": holder.pid, "cmd": holder.command}
        for path in holder.reads:
            reads.setdefault(path, []).append(info)
        writes |= dict.fromkeys(holder.writes, info)
    LOCKS.write_text(json.dumps({"write": writes, "read": reads}), encoding="utf-8")


def _note(found: list[Holder] | None, living: list[Holder]) -> None:
    dead = [holder for holder in found or () if holder not in living]
    whose = ", ".join(f"PID {holder.pid}: {holder.command}" for holder in dead)
    why = f"no dvc of this project holds it any more ({whose})" if dead else "it was damaged"
    print(f"note: dropped the lock {LOCKS} of a run that was killed: {why}.", file=sys.stderr)


@contextmanager
def _guarded() -> Iterator[bool]:
    """Yield whether we hold DVC's own lock of the file; a living dvc is just writing it if not."""
    import zc.lockfile  # type: ignore[import-untyped]  # comes with DVC

    if not LOCKS.exists():
        yield False
        return
    try:
        guard = zc.lockfile.LockFile(str(LOCKS) + GUARD)
    except zc.lockfile.LockError:
        yield False
        return
    try:
        yield True
    finally:
        guard.close()
