"""The values of COCO's JSON, which tools write as numbers or as text: read alike, or refused."""

import re
from collections.abc import Mapping
from typing import Any

from .exact import add, is_number, to_number
from .listing import Box

CORNERS = 4  # numbers of a box
WHOLE = re.compile(r"(0|-?[1-9]\d{0,300})(\.0+)?", re.ASCII)  # not 007: that may be a name

Id = int | str
Size = tuple[int, int]  # height, width


def to_id(record: Any, key: str = "id") -> Id | None:
    """Return an id, of which 1, "1" and 1.0 are the same; None if there is none."""
    value = record.get(key) if isinstance(record, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else str(value)
    if isinstance(value, str) and (whole := WHOLE.fullmatch(value.strip())):
        return int(whole[1])
    return value


def to_name(record: Any, key: str) -> str | None:
    """Return a name, which may be a number; None if there is none."""
    value = record.get(key) if isinstance(record, Mapping) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None


def to_size(record: Mapping[str, Any]) -> Size | None:
    """Return an image's size; None where it is not given.

    Raises:
        ValueError: it is given, and is none.
    """
    sides = []
    for key in ("height", "width"):
        if record.get(key) in (None, ""):
            continue
        try:
            side = to_number(record[key])
        except ValueError as error:
            raise ValueError(f"{key} is {record[key]!r}, {error}") from None
        if side != int(side):
            raise ValueError(f"{key} is {record[key]!r}, which is not a whole number of pixels")
        sides.append(int(side))
    return (sides[0], sides[1]) if len(sides) == 2 else None  # noqa: PLR2004


def to_box(bbox: Any) -> Box | None:
    """Return the box x1, y1, x2, y2 of a `bbox`; None if there is none: a class needs none.

    Raises:
        ValueError: it is no bbox.
    """
    if bbox is None:
        return None
    try:
        x, y, width, height = map(to_number, bbox if isinstance(bbox, list) else [])
    except ValueError:
        raise ValueError(f"bbox is {bbox!r}, not x, y, width, height in pixels") from None
    return x, y, add(x, width), add(y, height)


def to_crowd(value: Any) -> bool:
    """Say whether an `iscrowd` means a crowd.

    Raises:
        ValueError: it means neither.
    """
    if value is None or str(value).strip().lower() in ("0", "0.0", "false", ""):
        return False
    if str(value).strip().lower() in ("1", "1.0", "true"):
        return True
    raise ValueError(f"iscrowd is {value!r}, expected 0 or 1")


def to_group(value: Any) -> str | None:
    """Return a group's name; None if there is none.

    Raises:
        ValueError: it is neither text nor a number.
    """
    if value in (None, ""):
        return None
    if isinstance(value, str) or is_number(value):
        return str(value)
    raise ValueError(f"the group is {value!r}, expected text or a number")
