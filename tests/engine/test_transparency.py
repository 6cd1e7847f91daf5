"""What is transparent shows the background; the colour that it hides is never seen."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor, features

from modelyard.config.colours import COLOURS
from modelyard.config.image_section import ImageReading
from modelyard.data.images import read_image

from .written import COLOUR, GREY, GREY_ALPHA, PALETTE, png

# Each image is two pixels: one shows 200 (grey, or red), one hides another value.
Make = Callable[[], bytes]
SHOWN, RED = 200, (200, 0, 0)
PAIR = (*RED, 255), (9, 90, 9, 0)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(mode: str, *values: object) -> Image.Image:
    image = Image.new(mode, (2, 1))
    image.putdata(values)  # type: ignore[arg-type]
    return image


def palette(**options: object) -> bytes:
    image = pixels("P", 0, 1)
    image.putpalette([*RED, 9, 90, 9])
    return saved(image, "GIF" if options.pop("gif", False) else "PNG", **options)


def wide(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


KINDS: dict[str, tuple[Make, bool]] = {  # and whether it is grey
    "RGBA": (lambda: saved(pixels("RGBA", *PAIR), "PNG"), False),
    "LA": (lambda: saved(pixels("LA", (SHOWN, 255), (9, 0)), "PNG"), True),
    "LA of 16 bits": (
        lambda: png(16, GREY_ALPHA, wide(SHOWN * 257, 65535, 9 * 257, 0), 2),
        True,
    ),
    "palette with alphas": (lambda: palette(transparency=bytes([255, 0])), False),
    "palette with one index": (lambda: palette(transparency=1), False),
    "palette of 4 bits": (
        lambda: png(4, PALETTE, b"\x01", 2, PLTE=bytes([*RED, 9, 90, 9]), tRNS=b"\xff\0"),
        False,
    ),
    "GIF": (lambda: palette(gif=True, transparency=1), False),
    "grey GIF": (lambda: saved(pixels("L", SHOWN, 9), "GIF", transparency=9), True),
    "grey with tRNS": (lambda: png(8, GREY, bytes([SHOWN, 9]), 2, tRNS=wide(9)), True),
    "grey of 16 bits with tRNS": (
        lambda: png(16, GREY, wide(SHOWN * 257, 2000), 2, tRNS=wide(2000)),
        True,
    ),
    "RGB with tRNS": (
        lambda: png(8, COLOUR, bytes([*RED, 9, 90, 9]), 2, tRNS=wide(9, 90, 9)),
        False,
    ),
    "RGB of 16 bits with tRNS": (
        lambda: png(16, COLOUR, wide(200 * 257, 0, 0, 999, 9999, 9), 2, tRNS=wide(999, 9999, 9)),
        False,
    ),
    "WebP": (lambda: saved(pixels("RGBA", *PAIR), "WEBP", lossless=True, exact=True), False),
    "TIFF": (lambda: saved(pixels("RGBA", *PAIR), "TIFF"), False),
}  # fmt: skip
FEW_BITS: dict[str, tuple[Make, int]] = {  # grey of few bits: what is shown, what is hidden
    "1 bit": (lambda: png(1, GREY, b"\x80", 2, tRNS=wide(0)), 255),
    "2 bits": (lambda: png(2, GREY, b"\x60", 2, tRNS=wide(2)), 85),
    "4 bits": (lambda: png(4, GREY, b"\x59", 2, tRNS=wide(9)), 85),
}


def read(content: bytes, tmp_path: Path, channels: int, **settings: object) -> list[list[int]]:
    (tmp_path / "image").write_bytes(content)
    reading = ImageReading.model_validate({"image_size": [1, 2], "channels": channels, **settings})
    found: list[list[int]] = read_image(tmp_path / "image", reading)[0].tolist()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_background_shows_through_whatever_kind_of_transparency(
    kind: str, tmp_path: Path
) -> None:
    make, grey = KINDS[kind]
    shown = [SHOWN] * 3 if grey else [*RED]
    assert read(make(), tmp_path, 3) == [shown, [255] * 3]
    assert read(make(), tmp_path, 3, background="#0A6e14") == [shown, [10, 110, 20]]
    assert read(make(), tmp_path, 1, background="black") == [[SHOWN if grey else 60], [0]]


@pytest.mark.parametrize("kind", FEW_BITS)
def test_a_transparent_grey_of_few_bits_is_found(kind: str, tmp_path: Path) -> None:
    make, shown = FEW_BITS[kind]
    assert read(make(), tmp_path, 1, background="gray") == [[shown], [128]]


def test_what_is_half_transparent_is_mixed(tmp_path: Path) -> None:
    image = pixels("RGBA", (200, 100, 0, 255), (200, 100, 0, 128))
    assert read(saved(image, "PNG"), tmp_path, 3) == [[200, 100, 0], [227, 177, 127]]


def test_nothing_hidden_bleeds_when_an_image_is_made_smaller(tmp_path: Path) -> None:
    values = np.zeros((8, 8, 4), np.uint8)
    values[::2] = (0, 255, 0, 0)  # every other row hides green
    values[1::2] = (255, 255, 255, 255)
    found = read(saved(Image.fromarray(values), "PNG"), tmp_path, 3)
    assert found == [[255] * 3] * 2


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_may_be_transparent(tmp_path: Path) -> None:
    image = Image.new("RGBA", (2, 1), (0, 255, 0, 0))
    assert (
        read(saved(image, "AVIF", quality=100), tmp_path, 3, background="red") == [[255, 0, 0]] * 2
    )


def test_the_names_of_colours_are_those_of_pillow() -> None:
    assert set(ImageColor.colormap) == COLOURS
