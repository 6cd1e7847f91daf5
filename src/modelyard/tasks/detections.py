"""A saved model's output as objects in an image's own pixels."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from pycocotools.mask import decode, encode

from modelyard.data.view import Size, View

SCORES = 6  # columns before the mask: x1, y1, x2, y2, score, class
LEAST = 0.01  # a lower score is noise
SHOWN = 0.3  # the least score of what is drawn, listed or counted as found
LIKELY = 0.5  # the probability from which a pixel is covered


class Detection(NamedTuple):
    """An object: box (x1, y1, x2, y2) in pixels, and a mask where there is one.

    A mask is an array (height, width), or COCO's run-length encoding of one.
    """

    label: int
    score: float
    box: tuple[float, float, float, float]
    mask: Any = None


def detections(output: np.ndarray, view: View) -> Iterator[Detection]:
    """Yield the objects of one image's output (n, 6 [+ cells]), those on padding left out.

    A mask has as many pixels as the image, so each is made when it is its turn.
    """
    for row in output[output[:, 4] >= LEAST]:
        if view.on_padding(row[:4]):
            continue
        box = view.pixels(row[:4])
        mask = _mask(_grid(row[SCORES:], view.seen), view, box) if len(row) > SCORES else None
        yield Detection(int(row[5]), float(row[4]), box, mask)


def runs(one: Detection) -> Any:
    """Return an object's mask as COCO's run-length encoding, None if it has none."""
    if one.mask is None or isinstance(one.mask, dict):
        return one.mask
    return encode(np.asfortranarray(one.mask, np.uint8))


def covered(one: Detection) -> Any:
    """Return which pixels (height, width) an object covers, None if it has no mask."""
    return decode(one.mask).astype(bool) if isinstance(one.mask, dict) else one.mask


def _grid(cells: np.ndarray, seen: Size) -> np.ndarray:
    """Return cells, counted row by row, as (rows, columns): they are as wide as high."""
    columns = math.isqrt(len(cells) * seen[1] // seen[0])
    return cells.reshape(-1, columns).astype(np.float32)


def _mask(grid: np.ndarray, view: View, box: tuple[float, ...]) -> np.ndarray:
    """Return which pixels (height, width) are covered: likely, and in the box."""
    x1, y1, x2, y2 = (round(value) for value in box)
    mask = np.zeros(view.size, bool)
    if x1 < x2 and y1 < y2:
        mask[y1:y2, x1:x2] = view.spread(grid)[y1:y2, x1:x2] > LIKELY
    return mask
