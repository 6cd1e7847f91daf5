"""Mistakes that a user can mend."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake the user can mend; its message is one sentence that says where and how."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the nearest known name, else an empty string."""
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""
