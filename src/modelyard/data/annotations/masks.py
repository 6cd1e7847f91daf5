"""COCO's masks as files hold them: polygons, or runs of pixels, compressed or not."""

from typing import TYPE_CHECKING, Any

from .exact import is_number
from .listing import Box

POINTS = 6  # numbers of a triangle, the smallest polygon
BITS, MORE, NEGATIVE, ZERO = 5, 0x20, 0x10, 48  # of a character of compressed runs

if TYPE_CHECKING:
    import numpy as np

Size = tuple[int, int]  # height, width


def mask_problem(mask: Any, size: Size) -> str:
    """Say why a `segmentation` is none of an image of this size; an empty string if it is."""
    if not mask:
        return "is missing"
    if isinstance(mask, list):
        return _polygons_problem(mask)
    return _runs_problem(mask, size)


def mask_area(mask: Any, size: Size) -> int:
    """Return how many pixels a mask covers that has no problem."""
    if isinstance(mask, dict):
        return sum(_counts(mask["counts"])[1::2])
    from pycocotools.mask import area

    return int(area(_runs(mask, size)))


def mask_box(mask: Any, size: Size) -> Box:
    """Return the box (x1, y1, x2, y2) around a mask that has no problem."""
    from pycocotools.mask import toBbox

    x, y, width, height = (float(value) for value in toBbox(_runs(mask, size)))
    return x, y, x + width, y + height


def mask_pixels(mask: Any, size: Size) -> "np.ndarray":
    """Return a mask as uint8 (height, width), 1 where it covers."""
    from pycocotools.mask import decode

    pixels: np.ndarray = decode(_runs(mask, size))
    return pixels


def _runs(mask: Any, size: Size) -> Any:
    """Return pycocotools' own form: one compressed RLE, in bytes."""
    from pycocotools import mask as coco_mask

    height, width = size
    if isinstance(mask, list):
        return coco_mask.merge(coco_mask.frPyObjects(mask, height, width))
    return coco_mask.frPyObjects(mask, height, width) if isinstance(mask["counts"], list) else mask


def _runs_problem(mask: Any, size: Size) -> str:
    if not isinstance(mask, dict) or not {"size", "counts"} <= mask.keys():
        return "is neither a list of polygons nor an RLE of size and counts"
    if mask["size"] != list(size):
        return f"has the size {mask['size']}, its image {list(size)} (height, width)"
    try:
        counts = _counts(mask["counts"])
    except (IndexError, TypeError, ValueError):
        return "has counts that are not runs of pixels"
    if min(counts, default=0) < 0 or sum(counts) != size[0] * size[1]:
        return f"has counts that do not add up to its image's {size[0] * size[1]} pixels"
    return "" if any(counts[1::2]) else "covers nothing"


def _polygons_problem(polygons: list[Any]) -> str:
    for polygon in polygons:
        if not isinstance(polygon, list) or not all(map(is_number, polygon)):
            return "has a polygon that is not a list of numbers x, y, x, y, …"
        if len(polygon) < POINTS or len(polygon) % 2:
            return f"has a polygon of {len(polygon)} numbers; three points, x and y, are six"
    return ""


def _counts(counts: Any) -> list[int]:
    """Return the lengths of runs, outside and inside in turn, column by column.

    pycocotools does not say whether they fill the image: it then decodes memory that is not its.
    """
    if isinstance(counts, list):
        return [int(count) for count in counts]
    lengths: list[int] = []
    place = 0
    while place < len(counts):
        length, shift, code = 0, 0, MORE
        while code & MORE:
            code = ord(counts[place]) - ZERO
            length |= (code & (MORE - 1)) << shift
            place, shift = place + 1, shift + BITS
        if code & NEGATIVE:
            length -= 1 << shift
        lengths.append(length + lengths[-2] if len(lengths) > 2 else length)  # noqa: PLR2004  (the first three are no differences)
    return lengths
