"""What annotations call classes and splits, and what these are called here."""

import re
from collections.abc import Callable
from typing import Any

from modelyard.config.annotation_section import SPLITS, AnnotationSource, Split

SPELLINGS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "dev": "validation",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
NUMBER = re.compile(r"(\d+)(\.0+)?", re.ASCII)  # pandas writes 1 as 1.0 beside an empty cell


def to_split(value: Any) -> Split | None:
    """Return the split that a value means, None where it is empty.

    Raises:
        ValueError: it means none; the end of a sentence.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value.strip().lower() not in SPELLINGS:
        raise ValueError(f"split is {value!r}, expected {', '.join(SPLITS)}")
    return SPELLINGS[value.strip().lower()]


def class_namer(source: AnnotationSource) -> Callable[[str], str]:
    """Return the function from what annotations call a class to its name: `data.class_names`.

    It raises ValueError, the end of a sentence, for a class that has no name there.
    """
    names = source.class_names
    if not names:
        return str
    known = dict(enumerate(names)) if isinstance(names, list) else names

    def name(label: str) -> str:
        key: int | str = label
        if isinstance(names, list) and (number := NUMBER.fullmatch(label)):
            key = int(number[1])
        if key in known:
            return known[key]  # type: ignore[index]
        allowed = f"0 to {len(names) - 1}" if isinstance(names, list) else ", ".join(names)
        raise ValueError(f"class is {label!r}, which data.class_names does not name ({allowed})")

    return name
