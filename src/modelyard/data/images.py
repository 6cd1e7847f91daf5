"""Read an image as every model here expects it: for training and for prediction alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from modelyard.errors import UserError

MODES = {1: "L", 3: "RGB"}
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # others may start programs
STEP = 257  # of a scale of 8 bits on one of 16: 255 x 257 = 65535
WHITE = 65535 - STEP // 2  # of 16 bits: this and all above is 255 of 8
STRIP = 128  # rows that are scaled at a time, or a large image would be in memory several times


def image_size(path: Path) -> tuple[int, int]:
    """Return an image's (height, width) without decoding it.

    Raises:
        UserError: it cannot be read as an image.
    """
    with opened(path) as image:
        return image.height, image.width


def read_image(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """Return one image as uint8 of the shape (height, width, channels), see `pixels`.

    Raises:
        UserError: it cannot be read as an image.
    """
    with opened(path) as image:
        return pixels(image, shape)


def pixels(image: Image.Image, shape: tuple[int, int, int]) -> np.ndarray:
    """Return an opened image as uint8, converted to the shape's channels, stretched to its size.

    `shape` is (height, width, channels). Of several frames the first counts. An orientation in
    EXIF is not applied: boxes and masks count the pixels as they lie in the file.

    Raises:
        UserError: its pixels are numbers without a known range.
    """
    height, width, channels = shape
    converted = _of_eight_bits(image).convert(MODES[channels])
    if converted.size != (width, height):
        converted = converted.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(converted).reshape(shape)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open an image; whatever fails in the block while it is decoded is a mistake in the file.

    Raises:
        UserError: it cannot be read as an image.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            yield image
    except UnidentifiedImageError:
        raise UserError(
            f"{path} cannot be read as an image (it is none of {', '.join(FORMATS)}); replace it, "
            f"or leave it out."
        ) from None
    except Exception as error:  # a damaged file makes decoders raise errors of many kinds
        raise UserError(
            f"{path} cannot be read as an image ({error}); replace it, or leave it out."
        ) from None


def _of_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16 bits to 8, where Pillow would cut off all that is brighter than 255."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return _scaled(image)
    if image.mode in ("I", "F"):
        raise UserError("its pixels are numbers of 32 bits; save it with 8 or 16")
    if isinstance(image.info.get("transparency"), bytes):
        return image.convert("RGBA")  # Pillow warns of a shorter way
    return image


def _scaled(image: Image.Image) -> Image.Image:
    """Return an image of 16 bits with 8, rounded; nothing on the way needs more than 16."""
    scaled = Image.new("L", image.size)
    for top in range(0, image.height, STRIP):
        strip = image.crop((0, top, image.width, min(top + STRIP, image.height)))
        values = np.minimum(np.asarray(strip), WHITE) + STEP // 2
        scaled.paste(Image.fromarray((values // STEP).astype(np.uint8)), (0, top))
    return scaled
