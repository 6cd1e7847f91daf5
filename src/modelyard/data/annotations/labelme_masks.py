"""LabelMe's shape `mask`: a small picture of an object, in base64, and where it lies."""

import base64
import binascii
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .listing import Box

if TYPE_CHECKING:
    import numpy as np

Size = tuple[int, int]  # height, width


class MaskError(Exception):
    """Why a picture is not a mask."""


def bitmap_runs(
    text: Any, points: Sequence[tuple[float, float]], size: Size | None
) -> tuple[Box, dict[str, Any]]:
    """Return the box around a mask, and the mask as COCO's runs of an image of this size.

    `points` are the outermost pixels of the picture, left top and right bottom.

    Raises:
        MaskError: it is not a picture of that size inside the image.
    """
    import numpy as np

    if size is None:
        raise MaskError("it is a mask of an image that cannot be read")
    if len(points) != 2:  # noqa: PLR2004
        raise MaskError("it is a mask, whose points must be two corners in pixels")
    (left, top), (right, bottom) = [(int(x), int(y)) for x, y in points]  # as LabelMe cuts them
    if left < 0 or top < 0 or right >= size[1] or bottom >= size[0]:
        raise MaskError("it is a mask that reaches over the edge of its image")
    whole = np.zeros(size, np.uint8)
    whole[top : bottom + 1, left : right + 1] = _bitmap(text, (bottom - top + 1, right - left + 1))
    if not whole.any():
        raise MaskError("it is a mask that covers nothing")
    return pixel_box(whole), pixel_runs(whole)


def pixel_box(pixels: "np.ndarray") -> Box:
    """Return the box (x1, y1, x2, y2) around what (height, width) of uint8 covers."""
    import numpy as np

    rows, columns = np.nonzero(pixels)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def pixel_runs(pixels: "np.ndarray") -> dict[str, Any]:
    """Return what (height, width) of uint8 covers as COCO's runs, column by column."""
    import numpy as np

    flat = np.concatenate([[0], (pixels != 0).T.reshape(-1).astype(np.int8)])
    changes = np.flatnonzero(np.diff(flat))
    counts = np.diff(np.concatenate([[0], changes, [pixels.size]]))
    return {"size": list(pixels.shape), "counts": [int(count) for count in counts]}


def to_bitmap(pixels: "np.ndarray") -> tuple[list[list[int]], str]:
    """Return the two points and the text of a shape for what (height, width) of uint8 covers."""
    import numpy as np
    from PIL import Image

    left, top, right, bottom = map(int, pixel_box(pixels))
    stream = io.BytesIO()
    part = np.ascontiguousarray(pixels[top:bottom, left:right] != 0)
    Image.fromarray(part).convert("1").save(stream, "PNG")
    return [[left, top], [right - 1, bottom - 1]], base64.b64encode(stream.getvalue()).decode()


def _bitmap(text: Any, size: Size) -> "np.ndarray":
    import numpy as np
    from PIL import Image

    try:
        with Image.open(
            io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"]
        ) as image:
            if (image.height, image.width) != size:
                raise MaskError(
                    f"it is a mask of {image.width} x {image.height} pixels, but its points say "
                    f"{size[1]} x {size[0]}"
                )
            covered: np.ndarray = np.asarray(image.convert("L")) != 0
    except (TypeError, binascii.Error, OSError, ValueError, SyntaxError):
        raise MaskError("it is a mask that is not a PNG in base64") from None
    return covered
