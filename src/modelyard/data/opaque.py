"""A decoded image with 8 bits, nothing transparent, and upright: what is left is its size."""

from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from modelyard.config.image_section import Exif, ImageSettings
from modelyard.errors import UserError

MODES = {1: "L", 3: "RGB"}
WHOLE_RANGE = [0, 65535]
STRIP = 128  # rows that are scaled at a time, or a large image would be in memory several times
LOW_BITS = {"L;2": 85, "L;4": 17}  # what Pillow multiplies grey values of PNGs by, but not tRNS
ONE_VALUE = ("1", "L", "I;16", "RGB")  # modes in which one value may be transparent
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # orientations that swap height and width


def opaque(
    image: Image.Image, settings: ImageSettings, channels: int
) -> tuple[Image.Image, int | None]:
    """Return an opened image whole, grey or RGB, and the highest value if it is grey of 16 bits.

    What is transparent shows the background. Of several frames the first counts.

    Raises:
        UserError: its pixels are numbers without a known range.
    """
    shown, alpha, highest = _parts(image, settings)
    shown = shown.convert(MODES[channels])
    if alpha is not None:
        below = Image.new(shown.mode, shown.size, settings.background)
        below.paste(shown, mask=alpha)
        shown = below
    turn = TURNS.get(orientation(image, settings.exif))
    return (shown if turn is None else shown.transpose(turn)), highest


def _parts(
    image: Image.Image, settings: ImageSettings
) -> tuple[Image.Image, Image.Image | None, int | None]:
    """Return an image of 8 bits, a mask of what shows of it if not all does, its highest value."""
    raw = _raw_mode(image)
    hidden = _hidden(image, raw)  # before the image is loaded, which forgets how it lay in the file
    shown, highest = image, None
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        shown, highest = _scaled(image, *settings.sixteen_bit_range)
    else:
        _check_bits(image, raw, settings)
    if image.mode in ONE_VALUE:
        return shown, None if hidden is None else _elsewhere(image, hidden), highest
    if image.has_transparency_data:
        shown = image.convert("RGBA")
        return shown, shown.getchannel("A"), highest
    return shown, None, highest


def orientation(image: Image.Image, exif: Exif) -> int:
    """Return the orientation that is to be applied, 1 if none is; a damaged one is none.

    Pillow itself turns TIFF, pillow-heif HEIC.
    """
    if exif == "ignore" or image.format == "TIFF":
        return 1
    with suppress(Exception):
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
        return found if found in TURNS else 1
    return 1


def upright_size(image: Image.Image, exif: Exif) -> tuple[int, int]:
    """Return an opened image's (height, width), turned if it is to be."""
    sideways = orientation(image, exif) in SIDEWAYS
    return (image.width, image.height) if sideways else (image.height, image.width)


def _check_bits(image: Image.Image, raw: str, settings: ImageSettings) -> None:
    if image.mode in ("I", "F"):
        raise UserError("its pixels are numbers of 32 bits; save it with 8 or 16")
    if ";16" in raw and settings.sixteen_bit_range != WHOLE_RANGE:
        raise UserError(
            "its colours have 16 bits, of which Pillow reads the upper 8 only, and "
            "data.sixteen_bit_range is for grey images; save it with 8"
        )


def _raw_mode(image: Image.Image) -> str:
    """Return how the pixels lie in the file; empty if the image is loaded already."""
    tiles: list[Any] = getattr(image, "tile", [])
    arguments = tiles[0][3] if tiles else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _hidden(image: Image.Image, raw: str) -> Any:
    """Return which value is transparent, as pixels of the decoded image have it; None: none is."""
    hidden = image.info.get("transparency")
    if isinstance(hidden, tuple) and ";16" in raw:
        return tuple(value >> 8 for value in hidden)
    return hidden * LOW_BITS.get(raw, 1) if isinstance(hidden, int) else hidden


def _elsewhere(image: Image.Image, hidden: Any) -> Image.Image:
    """Return the mask of what has another than the one value that is transparent."""
    values = np.asarray(image.convert("L") if image.mode == "1" else image)
    other = values != np.array(hidden)
    other = other.any(axis=-1) if other.ndim > 2 else other  # noqa: PLR2004  (has channels)
    return Image.fromarray(other.astype(np.uint8) * np.uint8(255))


def _scaled(image: Image.Image, low: int, high: int) -> tuple[Image.Image, int]:
    """Return an image of 16 bits with 8, rounded, and the highest value that it has."""
    scaled, table, highest = Image.new("L", image.size), _table(low, high), 0
    for top in range(0, image.height, STRIP):
        strip = image.crop((0, top, image.width, min(top + STRIP, image.height)))
        values = np.asarray(strip)
        highest = max(highest, int(values.max()))
        scaled.paste(Image.fromarray(table[values]), (0, top))
    return scaled, highest


@cache
def _table(low: int, high: int) -> np.ndarray:
    """Return what of 8 bits each value of 16 becomes."""
    values = (np.arange(2**16) - low) * (255 / (high - low))
    table: np.ndarray = np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)
    return table
