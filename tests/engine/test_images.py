"""Images of every kind are read as numbers of 0 to 255; what is no image is named."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from modelyard.config.image_section import ImageReading
from modelyard.data.images import (
    image_size,
    known_formats,
    opened,
    picture_of,
    read_image,
    read_picture,
    unused_range,
)
from modelyard.errors import UserError

from .written import png

Write = Callable[[Path], object]

SHAPE = (2, 2, 1)
GREY = np.array([[0, 50], [100, 255]], np.uint8)


def reading(*shape: int, **settings: object) -> ImageReading:
    document = {"image_size": list(shape[:2]), "channels": shape[2], **settings}
    return ImageReading.model_validate(document)


def grey() -> Image.Image:
    return Image.fromarray(GREY)


def wide() -> Image.Image:
    return Image.fromarray(GREY.astype(np.uint16) * 257)


def transparent(file: Path) -> None:
    palette = grey().convert("P")
    palette.putpalette([value for grey in range(256) for value in (grey, grey, grey)])
    palette.save(file, transparency=bytes([255, 255]))


def turned(file: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    grey().save(file, exif=exif)


KINDS: dict[str, Write] = {
    "grey.png": lambda file: grey().save(file),
    "colour.bmp": lambda file: grey().convert("RGB").save(file),
    "grey with alpha.png": lambda file: grey().convert("LA").save(file),
    "palette.gif": lambda file: grey().save(file),
    "palette with alpha.png": transparent,
    "16 bits.png": lambda file: wide().save(file),
    "16 bits.tiff": lambda file: wide().save(file),
    "16 bits.pgm": lambda file: wide().save(file),
    "turned.png": turned,
    "moving.gif": lambda file: grey().save(file, save_all=True, append_images=[wide(), wide()]),
    "two pages.tiff": lambda file: grey().save(file, save_all=True, append_images=[wide()]),
    "cmyk.tiff": lambda file: grey().convert("CMYK").save(file),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_any_kind_has_the_same_pixels(kind: str, tmp_path: Path) -> None:
    KINDS[kind](tmp_path / kind)
    assert read_image(tmp_path / kind, reading(*SHAPE))[..., 0].tolist() == GREY.tolist()
    assert read_image(tmp_path / kind, reading(2, 2, 3))[..., 1].tolist() == GREY.tolist()
    assert image_size(tmp_path / kind) == (2, 2)


@pytest.mark.parametrize("suffix", ["png", "tiff", "pgm"])
def test_16_bits_are_rounded_to_the_nearest_of_8(suffix: str, tmp_path: Path) -> None:
    every = np.arange(2**16, dtype=np.uint16).reshape(1024, 64)
    Image.fromarray(every).save(tmp_path / f"every.{suffix}")
    found = read_image(tmp_path / f"every.{suffix}", reading(1024, 64, 1))[..., 0]
    assert (found == (every / 257).round()).all()


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize(("low", "high"), [(0, 4095), (1000, 1003), (12, 65535)])
def test_a_chosen_range_of_16_bits_becomes_0_to_255(
    suffix: str, low: int, high: int, tmp_path: Path
) -> None:
    every = np.arange(2**16, dtype=np.uint16).reshape(1024, 64)
    Image.fromarray(every).save(tmp_path / f"every.{suffix}")
    chosen = reading(1024, 64, 1, sixteen_bit_range=[low, high])
    found = read_picture(tmp_path / f"every.{suffix}", chosen)
    shares = (np.clip(every.astype(float), low, high) - low) / (high - low)
    assert np.abs(found.pixels[..., 0] - shares * 255).max() <= 0.5
    assert found.highest == 65535


def test_the_range_is_for_grey_only_and_colours_of_16_bits_say_so(tmp_path: Path) -> None:
    file = tmp_path / "colour.png"
    file.write_bytes(png(16, 2, b"\x0f\xff" * 3))
    assert read_image(file, reading(1, 1, 3)).ravel().tolist() == [15] * 3
    with pytest.raises(UserError, match=r"its colours have 16 bits, .* is for grey images"):
        read_image(file, reading(1, 1, 3, sixteen_bit_range=[0, 4095]))


@pytest.mark.parametrize(
    ("highest", "chosen", "better"),
    [
        ([4095, None, 12], [0, 65535], "set data.sixteen_bit_range: [0, 4095]"),
        ([4096], [0, 65535], ""),
        ([None, None], [0, 65535], ""),
        ([0], [0, 65535], ""),  # black they are
        ([255], [0, 4095], "set data.sixteen_bit_range: [0, 255]"),
        ([1100], [1000, 4095], "set data.sixteen_bit_range: [1000, 1100]"),
        ([900], [1000, 4095], "set data.sixteen_bit_range: [0, 900]"),
    ],
)
def test_images_that_use_a_sixteenth_of_their_range_are_named_with_a_better_one(
    highest: list[int | None], chosen: list[int], better: str
) -> None:
    said = unused_range(highest, reading(1, 1, 1, sixteen_bit_range=chosen))
    assert said.endswith(better)
    assert bool(said) == bool(better)


@pytest.mark.parametrize("suffix", ["png", "pgm"])
def test_16_bits_cost_less_memory_than_the_image_itself(suffix: str, tmp_path: Path) -> None:
    side = 2000
    Image.fromarray(np.full((side, side), 2**15, np.uint16)).save(tmp_path / f"large.{suffix}")
    with opened(tmp_path / f"large.{suffix}") as image:
        image.load()
        tracemalloc.start()
        try:
            found = picture_of(image, reading(*SHAPE)).pixels
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert found.ravel().tolist() == [128] * 4
    assert most < side * side * 2


def test_an_image_of_two_values_is_black_and_white(tmp_path: Path) -> None:
    grey().convert("1", dither=Image.Dither.NONE).save(tmp_path / "one.png")
    assert read_image(tmp_path / "one.png", reading(*SHAPE)).ravel().tolist() == [0, 0, 0, 255]


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (6, 4), (200, 40, 90)).save(tmp_path / "a.avif")
    found = read_image(tmp_path / "a.avif", reading(2, 3, 3))
    assert np.abs(found.astype(int) - (200, 40, 90)).max() < 6
    assert image_size(tmp_path / "a.avif") == (4, 6)


def test_an_image_of_another_size_is_stretched(tmp_path: Path) -> None:
    Image.new("RGB", (3, 9), (9, 9, 9)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png", reading(4, 8, 3)).shape == (4, 8, 3)
    assert image_size(tmp_path / "a.png") == (9, 3)


def numbers(kind: type) -> Write:
    return lambda file: Image.fromarray(GREY.astype(kind)).save(file)


def huge(file: Path) -> None:
    file.write_bytes(b"P5 99999 99999 255\n")


NONE = f"it is none of {known_formats()})"
UNUSABLE: dict[str, tuple[Write, str]] = {
    "words.png": (lambda file: file.write_text("no image"), NONE),
    "empty.png": (lambda file: file.touch(), "the file is empty"),
    "header.png": (lambda file: file.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\x01IHDR"), ""),
    "floats.tiff": (numbers(np.float32), "its pixels are numbers of 32 bits"),
    "integers.tiff": (numbers(np.int32), "its pixels are numbers of 32 bits; save it with 8"),
    "program.eps": (lambda file: grey().save(file), NONE),  # Pillow would start Ghostscript
    "lab.tiff": (lambda file: Image.new("LAB", (2, 2)).save(file), "LAB"),
    "huge.pgm": (huge, "exceeds limit"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_what_cannot_be_read_is_named_with_the_reason(kind: str, tmp_path: Path) -> None:
    file = tmp_path / kind
    write, reason = UNUSABLE[kind]
    write(file)
    with pytest.raises(UserError) as caught:
        read_image(file, reading(*SHAPE))
    assert str(caught.value).startswith(f"{file} cannot be read as an image (")
    assert reason in str(caught.value)
    assert str(caught.value).endswith("; replace it, or leave it out.")
