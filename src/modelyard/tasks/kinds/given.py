"""One example as a saved model takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelyard.errors import UserError


class TooLargeError(UserError):
    """What was sent is larger than is taken."""


@dataclass(frozen=True)
class Given:
    """One example as a saved model takes it.

    Attributes:
        values: by the name of the input: an array, a number, or a text as str or bytes.
        where: the cells of predictions.csv that say which example it is, see `Kind.COLUMNS`.
        size: (height, width) of a whole image; None of anything else.
    """

    values: Mapping[str, Any]
    where: Mapping[str, object] = field(default_factory=dict)
    size: tuple[int, int] | None = None
