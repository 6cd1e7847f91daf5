"""What all the entries of a table say of splits and groups, read once more, row by row."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from modelyard.config.data_section import Split
from modelyard.data.annotations.named import to_split


@dataclass(frozen=True)
class Named:
    """Splits that are named, and how many groups there are."""

    splits: frozenset[Split] = frozenset()
    groups: int = 0

    @property
    def kept(self) -> str:
        """What is not divided, for the end of a sentence."""
        return f"; {self.groups:,} groups are not divided" if self.groups else ""


def counted(rows: Iterable[Sequence[Any]]) -> Named:
    """Count what rows name: each a split and a group, or nothing."""
    splits: set[Split] = set()
    groups = set()
    for split, group in rows:
        with suppress(ValueError):  # an entry that is left out
            if (one := to_split(split)) is not None:
                splits.add(one)
        if group not in (None, ""):
            groups.add(group)
    return Named(frozenset(splits), len(groups))
