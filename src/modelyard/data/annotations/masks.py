"""COCO's masks as files hold them: polygons, or runs of pixels, compressed or not."""

import math
from typing import TYPE_CHECKING, Any

from .exact import is_number
from .listing import Box

FAR = 100  # times an image: further away, a point is a mistake
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
        return _polygons_problem(mask, size) or _empty_problem(mask, size)
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


def pixels_mask(pixels: "np.ndarray") -> dict[str, Any]:
    """Return uint8 (height, width), 1 where it covers, as a mask: compressed runs, as in JSON."""
    import numpy as np
    from pycocotools.mask import encode

    runs = encode(np.asfortranarray(pixels, np.uint8))
    return {"size": [int(side) for side in runs["size"]], "counts": runs["counts"].decode()}


def _runs(mask: Any, size: Size) -> Any:
    """Return pycocotools' own form: one compressed RLE, in bytes."""
    from pycocotools import mask as coco_mask

    height, width = size
    if isinstance(mask, list):
        return coco_mask.merge(coco_mask.frPyObjects(mask, height, width))
    counts = mask["counts"]
    if isinstance(counts, list):
        return coco_mask.frPyObjects({"size": size, "counts": _counts(counts)}, height, width)
    return {"size": size, "counts": counts}


def _runs_problem(mask: Any, size: Size) -> str:
    if not isinstance(mask, dict) or not {"size", "counts"} <= mask.keys():
        return "is neither a list of polygons nor an RLE of size and counts"
    if mask["size"] != list(size):
        return f"has the size {mask['size']}, its image {list(size)} (height, width)"
    try:
        counts = _counts(mask["counts"])
    except (LookupError, TypeError, ValueError):
        return "has counts that are not runs of pixels"
    if min(counts, default=0) < 0 or sum(counts) != size[0] * size[1]:
        return f"has counts that do not add up to its image's {size[0] * size[1]} pixels"
    return "" if any(counts[1::2]) else "covers nothing"


def _polygons_problem(polygons: list[Any], size: Size) -> str:
    for polygon in polygons:
        if not isinstance(polygon, list) or not all(map(is_number, polygon)):
            return "has a polygon that is not a list of numbers x, y, x, y, …"
        if len(polygon) < POINTS or len(polygon) % 2:
            return f"has a polygon of {len(polygon)} numbers; three points, x and y, are six"
        if max(map(abs, polygon)) > FAR * max(size):  # drawing it would fill the memory
            return f"has a polygon more than {FAR} times as large as its image"
    return ""


def _empty_problem(polygons: list[list[float]], size: Size) -> str:
    """Say why polygons cover no pixel; an empty string if they do."""
    if mask_area(polygons, size):
        return ""
    height, width = size
    if all(_outside(one[::2], width) or _outside(one[1::2], height) for one in polygons):
        return f"covers nothing: it lies outside its image of {width} x {height} pixels"
    if all(map(_is_line, polygons)):
        return "covers nothing: its points lie on a line"
    return "covers nothing: it is smaller than a pixel"


def _outside(numbers: list[float], side: int) -> bool:
    return max(numbers) <= 0 or min(numbers) >= side


def _is_line(polygon: list[float]) -> bool:
    points = list(zip(polygon[::2], polygon[1::2], strict=True))
    (x0, y0), (x1, y1) = points[0], max(points, key=lambda point: math.dist(point, points[0]))
    return all(
        math.isclose((x1 - x0) * (y - y0), (y1 - y0) * (x - x0), abs_tol=1e-6) for x, y in points
    )


def _counts(counts: Any) -> list[int]:
    """Return the lengths of runs, outside and inside in turn, column by column.

    pycocotools does not say whether they fill the image: it then decodes memory that is not its.
    """
    if isinstance(counts, list):
        if not all(is_number(count) and count == int(count) for count in counts):
            raise ValueError
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
