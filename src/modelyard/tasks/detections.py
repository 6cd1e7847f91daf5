"""A saved model's output as objects in an image's own pixels."""

import math
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from pycocotools.mask import decode, encode

SCORES = 6  # columns before the mask: x1, y1, x2, y2, score, class
LEAST = 0.01  # a lower score is noise
LIKELY = 0.5  # the probability from which a pixel is covered

Size = tuple[int, int]


class Detection(NamedTuple):
    """An object: box (x1, y1, x2, y2) in pixels, and a mask where there is one.

    A mask is an array (height, width), or COCO's run-length encoding of one.
    """

    label: int
    score: float
    box: tuple[float, float, float, float]
    mask: Any = None


def detections(output: np.ndarray, size: Size, seen: Size) -> list[Detection]:
    """Return the objects of one image's output (n, 6 [+ cells]).

    `size` is the image's (height, width), `seen` that of what the model saw of it.
    """
    height, width = size
    found = []
    for row in output[output[:, 4] >= LEAST]:
        x1, y1, x2, y2 = np.clip(row[:4], 0, 1) * (width, height, width, height)
        box = (float(x1), float(y1), float(x2), float(y2))
        mask = _mask(_grid(row[SCORES:], seen), size, box) if len(row) > SCORES else None
        found.append(Detection(int(row[5]), float(row[4]), box, mask))
    return found


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


def _mask(grid: np.ndarray, size: Size, box: tuple[float, ...]) -> np.ndarray:
    """Return which pixels (height, width) are covered: likely, and in the box."""
    image = Image.fromarray(grid).resize(size[::-1], Image.Resampling.BILINEAR)
    x1, y1, x2, y2 = (round(value) for value in box)
    mask = np.zeros(size, bool)
    mask[y1:y2, x1:x2] = np.asarray(image)[y1:y2, x1:x2] > LIKELY
    return mask
