"""Read an image as every model here expects it: for training and for prediction alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..utils.utils import UserError

MODES = {1: "L", 3: "RGB"}


def image_size(path: Path) -> tuple[int, int]:
    """Return an image's (height, width) without decoding it.

    Raises:
        UserError: it cannot be read as an image.
    """
    with _opened(path) as image:
        return image.height, image.width


def read_image(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """Return one image as uint8, converted to the shape's channels and stretched to its size.

    `shape` is (height, width, channels).

    Raises:
        UserError: it cannot be read as an image.
    """
    height, width, channels = shape
    with _opened(path) as image:
        converted = image.convert(MODES[channels])
    if converted.size != (width, height):
        converted = converted.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(converted).reshape(shape)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as image:
            yield image
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise UserError(
            f"{path} cannot be read as an image ({error}); replace it, or drop its line."
        ) from None
