"""Mistakes that a user can mend."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake the user can mend; its message is one sentence that says where and how."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the nearest known name, else an empty string."""
    found = nearest(name, known)
    return f" (did you mean {found!r}?)" if found else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like another one, if one is alike."""
    names = {one.lower(): one for one in known}
    return next((names[one] for one in difflib.get_close_matches(name.lower(), names, n=1)), None)


def one_of(noun: str) -> str:
    """Return a noun with its article: an image, a text."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
