"""What `data.resize: crop` leaves of annotated objects: no model can learn what it does not see."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from modelyard.config.data_section import ImageData

from .annotations import Example, Object
from .annotations.masks import mask_box, mask_pixels, pixels_mask
from .images import image_size
from .view import Size, View, view_of

if TYPE_CHECKING:
    import numpy as np

LEAST_SEEN = 0.1  # of an object's area; of less nobody can tell what it is


def cropped(config: ImageData, examples: Sequence[Example]) -> list[Example]:
    """Return examples with their objects as a model sees them; warn of objects cut away.

    An object is cut to what is seen, and cut away if that is less than a tenth of it; so are
    learned, judged and counted what is seen and nothing else. Only a crop changes anything.
    """
    if config.resize != "crop" or config.task == "image_classification":
        return list(examples)
    found = [_cropped(config, example) for example in examples]
    before = sum(len(example.objects) for example in examples)
    if cut := before - sum(len(example.objects) for example in found):
        print(
            f"warning: data.resize crop cuts {cut} objects away, of which less than "
            f"{LEAST_SEEN:.0%} is seen; they are neither learned nor judged. `data.resize: pad` "
            "shows the whole image.",
            file=sys.stderr,
        )
    return found


def _cropped(config: ImageData, example: Example) -> Example:
    size = image_size(config.root / example.path, config.exif)
    view = view_of(size, config.shape[:2], config.resize)
    left = (_seen(one, view) for one in example.objects)
    return replace(example, objects=tuple(one for one in left if one is not None))


def _seen(one: Object, view: View) -> Object | None:
    """Return what is seen of an object, None if that is too little."""
    if one.mask is not None:
        return _seen_mask(one, view)
    if one.box is None:
        return one
    height, width = view.size
    x1, y1, x2, y2 = view.cut(one.box).tolist()
    if _area(x1, y1, x2, y2) < LEAST_SEEN * _area(*_inside(one.box, view.size)):
        return None
    whole = (x1, y1, x2, y2) == _inside(one.box, (height, width))
    return one if whole else replace(one, box=(x1, y1, x2, y2))


def _seen_mask(one: Object, view: View) -> Object | None:
    pixels = mask_pixels(one.mask, view.size)
    x1, y1, x2, y2 = view.source
    seen: np.ndarray = pixels * 0
    seen[y1:y2, x1:x2] = pixels[y1:y2, x1:x2]
    area = int(seen.sum())
    if area < LEAST_SEEN * int(pixels.sum()):
        return None
    if area == int(pixels.sum()):
        return one
    mask = pixels_mask(seen)
    return replace(one, mask=mask, box=mask_box(mask, view.size))


def _inside(box: Sequence[float], size: Size) -> tuple[float, float, float, float]:
    """Return what of a box lies on its image."""
    height, width = size
    x1, y1, x2, y2 = box
    return max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))


def _area(x1: float, y1: float, x2: float, y2: float) -> float:
    return max(x2 - x1, 0) * max(y2 - y1, 0)
