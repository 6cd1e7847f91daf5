"""Read an image as every model here expects it: for training and for prediction alike."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError, features

from modelyard.config.image_section import Exif, ImageReading
from modelyard.errors import UserError
from modelyard.faults import machine_fault

from .opaque import MODES, opaque, upright_size
from .view import Size, view_of

__all__ = [
    "MODES", "Picture", "Size", "image_size", "known_formats", "open_image", "opened", "picture_of",
    "read_image", "read_picture", "unused_range"
]  # fmt: skip

# Others may start programs.
FORMATS = (
    *("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"),
    *(["AVIF"] if features.check("avif") else []),
)
HEAD = 12  # bytes of a file, of which the last are the brand of a film or picture
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
NEEDS_HEIC = "add `heic` to the extras of modelyard in requirements.txt, then run `sh setup.sh`"
SIXTEENTH = 16


class Picture(NamedTuple):
    """An image as a model sees it.

    Attributes:
        pixels: uint8 (height, width, channels).
        size: (height, width) of the whole image; upright, if orientations are applied.
        highest: its highest value if it is grey of 16 bits.
    """

    pixels: np.ndarray
    size: Size
    highest: int | None = None


def image_size(path: Path, exif: Exif = "ignore") -> Size:
    """Return an image's (height, width), of most formats without decoding it.

    Raises:
        UserError: it cannot be read as an image.
    """
    with opened(path) as image:
        return upright_size(image, exif)


def read_image(path: Path, reading: ImageReading) -> np.ndarray:
    """Return one image as uint8 (height, width, channels).

    Raises:
        UserError: it cannot be read as an image.
    """
    return read_picture(path, reading).pixels


def read_picture(path: Path, reading: ImageReading) -> Picture:
    """Return one image as a model sees it, and what is known of it.

    Raises:
        UserError: it cannot be read as an image.
    """
    with opened(path) as image:
        return picture_of(image, reading)


def picture_of(image: Image.Image, reading: ImageReading) -> Picture:
    """Return an opened image as a model sees it: whatever reads pixels for a model does it here.

    Raises:
        UserError: its pixels are numbers without a known range.
    """
    whole, highest = opaque(image, reading, reading.channels)
    height, width, channels = reading.shape
    size = whole.height, whole.width
    if size != (height, width):
        whole = view_of(size, (height, width), reading.resize).show(whole, reading.background)
    return Picture(np.asarray(whole).reshape(height, width, channels), size, highest)


def unused_range(highest: Iterable[int | None], reading: ImageReading) -> str:
    """Say that images of 16 bits with these highest values use little of the range; or nothing."""
    low, high = reading.sixteen_bit_range
    most = max((value for value in highest if value is not None), default=0)
    if not most or (most - low) * SIXTEENTH > high - low:
        return ""
    better = [low if low < most else 0, most]
    return (
        f"the highest value of all images of 16 bits is {most}, so they become nearly black: "
        f"data.sixteen_bit_range is [{low}, {high}]; set data.sixteen_bit_range: {better}"
    )


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open an image; whatever fails in the block while it is decoded is a mistake in the file.

    Raises:
        UserError: it cannot be read as an image.
    """
    try:
        with open_image(path) as image:
            yield image
    except UnidentifiedImageError:
        why = f"it is none of {known_formats()}" if path.stat().st_size else "the file is empty"
        raise UserError(
            f"{path} cannot be read as an image ({why}); replace it, or leave it out."
        ) from None
    except Exception as error:  # a damaged file makes decoders raise errors of many kinds
        if machine_fault(error):
            raise  # too many open files, a failing disk: the image may be intact
        raise UserError(
            f"{path} cannot be read as an image ({error}); replace it, or leave it out."
        ) from None


def open_image(source: Path | BinaryIO) -> Image.Image:
    """Open what is an image by its content, whatever its name.

    Raises:
        UserError: it is HEIC, and what reads that is not installed.
        UnidentifiedImageError: it is of no known format.
    """
    try:
        image = Image.open(source, formats=FORMATS)
    except UnidentifiedImageError:
        if not _is_heic(source):
            raise
    else:
        if image.format == "TIFF":  # Pillow 13 maps a file into memory, and garbles it if turned
            image.filename = ""
        return image
    if not reads_heic():
        raise UserError(f"it is HEIC, which needs pillow-heif: {NEEDS_HEIC}")
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return Image.open(source, formats=["HEIF"])


def known_formats() -> str:
    """Return the names of the formats that can be read here."""
    return ", ".join((*FORMATS, *(["HEIC"] if reads_heic() else [])))


def reads_heic() -> bool:
    """Say whether what reads HEIC is installed."""
    return find_spec("pillow_heif") is not None


def _is_heic(source: Path | BinaryIO) -> bool:
    if isinstance(source, Path):
        with source.open("rb") as file:
            head = file.read(HEAD)
    else:
        source.seek(0)
        head = source.read(HEAD)
        source.seek(0)
    return head[4:8] == b"ftyp" and head[8:] in HEIC
