"""What was found in a folder: the keys of `data` that describe it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Found:
    """One way to read a folder.

    Attributes:
        keys: of AnnotationSource, but root.
        words: what it is, for people.
        notes: what else they should know, a sentence each.
        shows: what is annotated: class, boxes, masks.
        classes: columns of which one must be named as the class; empty if it is known.
        rows: of a table, those that were looked at.
    """

    keys: dict[str, Any]
    words: str
    notes: list[str] = field(default_factory=list)
    shows: str = "class"
    classes: list[str] = field(default_factory=list)
    rows: int = 0
