"""`data.exif: apply`: a photo is turned before anything of it is counted; `ignore` as it lies."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, features

from modelyard.config.image_section import ImageReading
from modelyard.data.images import image_size, read_picture

HEIGHT, WIDTH = 16, 32
FORMATS = ["jpg", "png", "webp", *(["avif"] if features.check("avif") else [])]


def photo() -> Image.Image:
    """Return a photo whose four quarters differ."""
    values = np.array([[10, 90], [170, 250]], np.uint8).repeat(HEIGHT // 2, 0).repeat(WIDTH // 2, 1)
    return Image.fromarray(values).convert("RGB")


def write(file: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo().save(file, exif=exif, quality=95)


def reading(shape: tuple[int, int], exif: str) -> ImageReading:
    document = {"image_size": [*shape], "channels": 1, "exif": exif}
    return ImageReading.model_validate(document)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_as_pillow_does(
    suffix: str, orientation: int, tmp_path: Path
) -> None:
    file = tmp_path / f"photo.{suffix}"
    write(file, orientation)
    with Image.open(file) as image:
        turned = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    size = (WIDTH, HEIGHT) if orientation > 4 else (HEIGHT, WIDTH)
    assert turned.shape == size
    assert image_size(file, "apply") == size
    found = read_picture(file, reading(size, "apply"))
    assert found.size == size
    assert (found.pixels[..., 0] == turned).all()


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_orientation_is_ignored_unless_it_is_asked_for(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"photo.{suffix}"
    write(file, 6)
    assert image_size(file) == (HEIGHT, WIDTH)
    found = read_picture(file, reading((HEIGHT, WIDTH), "ignore"))
    assert np.abs(found.pixels[..., 0].astype(int) - np.asarray(photo().convert("L"))).max() < 12


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("exif", ["apply", "ignore"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_tiff_is_turned_by_pillow_itself_and_once_only(
    orientation: int, exif: str, compression: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "photo.tiff"
    options = {0x0112: orientation}
    photo().convert("L").save(file, tiffinfo=options, compression=compression)
    size = (WIDTH, HEIGHT) if orientation == 6 else (HEIGHT, WIDTH)
    assert image_size(file, exif) == size  # type: ignore[arg-type]
    found = read_picture(file, reading(size, exif))
    turn = Image.Transpose.ROTATE_270 if orientation == 6 else Image.Transpose.ROTATE_180
    assert (found.pixels[..., 0] == np.asarray(photo().convert("L").transpose(turn))).all()


@pytest.mark.parametrize("kind", ["damaged", "orientation 9"])
def test_an_orientation_that_is_none_turns_nothing(kind: str, tmp_path: Path) -> None:
    file, exif = tmp_path / "photo.png", Image.Exif()
    exif[0x0112] = 9
    content = b"Exif\0\0no exif at all" if kind == "damaged" else exif.tobytes()
    photo().save(file, exif=content)
    assert image_size(file, "apply") == (HEIGHT, WIDTH)
    assert read_picture(file, reading((8, 8), "apply")).size == (HEIGHT, WIDTH)
