"""What one look at a project or machine has found."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """How a thing is; LEFT: it was not looked at, or there is nothing to look at."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    LEFT = "-"


@dataclass(frozen=True)
class Finding:
    """One line of the answer.

    Attributes:
        state: how the thing is.
        what: its name, a word or two.
        found: what is known of it, one sentence without a full stop.
        mend: the command that mends it, or where to do so; empty where nothing is to be done.
    """

    state: State
    what: str
    found: str
    mend: str = ""


class DamageError(Exception):
    """A file of the project cannot be read, so that what it says cannot be looked at.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, why: str) -> None:
        """Name the file and what is wrong with it."""
        super().__init__(f"{path} {why}")
        self.path = path


def ok(what: str, found: str) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(State.OK, what, found)


def warning(what: str, found: str, mend: str = "") -> Finding:
    """Return that a thing works, or may, but not as it should."""
    return Finding(State.WARNING, what, found, mend)


def error(what: str, found: str, mend: str) -> Finding:
    """Return that something does not work."""
    return Finding(State.ERROR, what, found, mend)


def left(what: str, found: str) -> Finding:
    """Return that a thing was not looked at, or is not there and need not be."""
    return Finding(State.LEFT, what, found)


def not_asked(what: str) -> Finding:
    """Return that a thing was not looked at, because that needs the network."""
    return left(what, "not asked (--network)")


def few(names: list[str], most: int = 5) -> str:
    """Return names as a list that fits a line: `a, b and 3 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
