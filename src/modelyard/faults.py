"""Faults of files and disks: one sentence with the path, the cause and what to do.

Libraries raise them in many ways: with a path or without, as an error of their own that quotes the
system's number or words, or as another error while they clear up after the first.
"""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import UserError
from .imports import project_place

PARTIAL = ".partial-"
# Before a name while it is written, or kept for the next run under the hash of what it depends on.
TEMPORARY = re.compile(rf"^({re.escape(PARTIAL)})+([0-9a-f]{{16}}-)?")
AGAIN = "then run the same command again"
# By the system's number: the cause, and what to do.
CAUSES: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", f"free some space, {AGAIN}"),
    errno.EFBIG: (
        "it grew beyond the largest size that is allowed here",
        f"raise the limit with `ulimit -f unlimited`, {AGAIN}",
    ),
    errno.EROFS: (
        "the file system is read-only",
        "make it writable, or work in a copy of the project elsewhere",
    ),
    errno.EACCES: ("permission denied", f"give yourself the right to it, {AGAIN}"),
    errno.EPERM: ("the system does not permit that", f"give yourself the right to it, {AGAIN}"),
    errno.EISDIR: ("it is a folder, where a file belongs", f"move it away, {AGAIN}"),
    errno.ENOTDIR: ("it is a file, where a folder belongs", f"move it away, {AGAIN}"),
    errno.EEXIST: ("it is there already", f"move it away, {AGAIN}"),
    errno.ENOTEMPTY: ("another program writes into that folder", f"end it, {AGAIN}"),
    errno.ENOENT: ("it does not exist", "restore it, or correct its name"),
    errno.EMFILE: (
        "too many files are open",
        f"raise the limit with `ulimit -n 4096`, {AGAIN}",
    ),
    errno.ENFILE: ("too many files are open on this machine", f"end other programs, {AGAIN}"),
    errno.ENAMETOOLONG: ("the name is too long", "shorten it"),
    errno.EIO: (
        "the disk, or the connection to it, fails (input/output error)",
        f"look into the system's log, {AGAIN}",
    ),
    errno.ELOOP: ("its links lead in a circle", "remove one of them"),
    errno.EBUSY: ("another program is using it", f"end that, {AGAIN}"),
    errno.ETXTBSY: ("it is running", f"end it, {AGAIN}"),
    errno.ENOMEM: ("there is too little memory", f"end other programs, {AGAIN}"),
    errno.EXDEV: ("it lies on another disk", "move it to the project's"),
}
for _name, _cause in {
    "EDQUOT": ("your share of the disk is used up", f"free some space, {AGAIN}"),
    "ESTALE": ("the network drive has lost it", f"mount the drive again, {AGAIN}"),
}.items():
    if hasattr(errno, _name):  # not on every system
        CAUSES[getattr(errno, _name)] = _cause
# What no other file, and no other trial of a search, would escape.
OF_THE_MACHINE = ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EMFILE", "ENFILE", "EIO", "ESTALE")
MACHINE = {getattr(errno, name) for name in OF_THE_MACHINE if hasattr(errno, name)}
NUMBER = re.compile(r"\[?[Ee]rrno(?: = |[ =])(\d+)")  # h5py's "errno = 28", Python's "[Errno 28]"
NUMPYS = re.compile(r"^\d+ requested and \d+ written$")  # has lost the number
LEAST_FREE = 2**16  # bytes; a disk with fewer is full
NETWORK = ("socket", "ssl", "requests", "urllib", "urllib3", "http")  # their errors are OSErrors
DEEPEST = 10  # errors behind an error


def explain_fault(error: BaseException) -> str | None:
    """Return a sentence for a fault of a file, a disk or the network; None for other errors."""
    found = _fault(error)
    if found is None:
        return None
    if _of_network(found):
        return f"The network fails ({_said(found)}); look whether it is there, {AGAIN}."
    path, number = _path(found), _number(found)
    if path is not None and number in (errno.ENOTDIR, errno.EEXIST):
        path, number = _in_the_way(path), errno.ENOTDIR
    cause, remedy = CAUSES.get(number or 0, (_said(found), f"mend that, {AGAIN}"))
    if path is None:
        return f"{_place(found)}{cause[:1].upper()}{cause[1:]}; {remedy}."
    return f"{_place(found)}{_shown(path)}: {cause}; {remedy}."


def machine_fault(error: BaseException) -> str | None:
    """Return the sentence of a fault that the whole machine has, as a full disk; else None."""
    found = _fault(error)
    return explain_fault(error) if found is not None and _number(found) in MACHINE else None


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Give an error of the block that names no file the name of this one."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        found = _fault(error)
        if found is None or _of_network(found):
            raise
        if found is error and isinstance(found, OSError) and found.errno in CAUSES:
            if found.filename is None:
                found.filename = str(path)
            raise
        number = _number(found) or (errno.ENOSPC if _is_full(path) else None)
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def _fault(error: BaseException) -> BaseException | None:
    """Return the fault that an error is, or that lies behind it."""
    if isinstance(error, OSError):
        return error
    if isinstance(error, UserError):
        return None
    behind: BaseException | None = error
    for _ in range(DEEPEST):
        if behind is None:
            return None
        if _number(behind) in MACHINE:
            return behind
        behind = behind.__cause__ or behind.__context__
    return None


def _number(error: BaseException) -> int | None:
    """Return the system's number of a fault, also where a library hides it in its words."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    text = str(error)
    if isinstance(error, OSError) and NUMPYS.match(text):
        return errno.ENOSPC
    if isinstance(error, OSError) and (match := NUMBER.search(text)):
        return int(match[1])
    if type(error).__module__.startswith("tensorflow."):  # "<path>; No space left on device"
        return next((one for one in CAUSES if f"; {os.strerror(one)}" in text), None)
    return None


def _path(error: BaseException) -> Path | None:
    """Return the file that an error names, the final name of one that was being written."""
    if isinstance(error, OSError):
        names = [name for name in (error.filename, error.filename2) if isinstance(name, str)]
        names.sort(key=lambda name: PARTIAL in name)
        return Path(names[0]) if names else None
    before, semicolon, _ = str(error).rpartition("; ")
    return Path(before.rpartition(" ")[2]) if semicolon and "/" in before else None


def _in_the_way(path: Path) -> Path:
    """Return what lies where a folder of a path belongs."""
    return next((one for one in reversed(path.parents) if one.exists() and not one.is_dir()), path)


def _shown(path: Path) -> Path:
    """Return a path from the working directory, where it lies below, by its final name."""
    try:
        here = Path.cwd()
    except OSError:  # it was removed
        here = path
    inside = path != here and path.is_relative_to(here)
    parts = (path.relative_to(here) if inside else path).parts
    return Path(*(TEMPORARY.sub("", part) for part in parts))


def _place(error: BaseException) -> str:
    """Return file and line of the project's own code, where it opened the file itself."""
    place = project_place(error)
    return f"{place[0]}, line {place[1]}: " if place else ""


def _of_network(error: BaseException) -> bool:
    library = type(error).__module__.partition(".")[0]
    return isinstance(error, ConnectionError | TimeoutError) or library in NETWORK


def _is_full(path: Path) -> bool:
    """Say whether the disk of a path is full, whatever an encoder made of the error."""
    there = next((one for one in path.absolute().parents if one.exists()), Path("/"))
    return shutil.disk_usage(there).free < LEAST_FREE


def _said(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:300].rstrip(".")
