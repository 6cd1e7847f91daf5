"""HEIC, what iPhones write: read with an extra, named with what to install without it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modelyard.config.image_section import ImageReading
from modelyard.data import images
from modelyard.data.images import image_size, known_formats, read_image
from modelyard.errors import UserError
from modelyard.tasks.kinds.image import find_images

from .serving import Grey, served

READING = ImageReading(image_size=[8, 8], channels=1)
# What begins the file of a phone; nothing follows.
HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
INSTALL = "add `heic` to the extras of modelyard in requirements.txt, then run `sh setup.sh`"


@pytest.fixture
def _without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "find_spec", lambda _: None)


def heic(size: tuple[int, int] = (64, 64), orientation: int = 1, value: int = 180) -> bytes:
    """Return a photo as an iPhone writes it."""
    heif = pytest.importorskip("pillow_heif")
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    found = heif.from_pillow(Image.new("RGB", size[::-1], (value,) * 3))
    found.save(file, exif=exif.tobytes(), quality=90)
    return file.getvalue()


@pytest.mark.parametrize("name", ["photo.heic", "photo.jpg", "photo"])
def test_a_photo_is_read_whatever_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(heic())
    found = read_image(tmp_path / name, READING)
    assert np.abs(found.astype(int) - 180).max() < 5
    assert image_size(tmp_path / name) == (64, 64)
    assert known_formats().endswith(", HEIC")


@pytest.mark.parametrize("exif", ["apply", "ignore"])
def test_a_photo_is_upright_once(exif: str, tmp_path: Path) -> None:
    (tmp_path / "photo.heic").write_bytes(heic((64, 128), orientation=6))
    assert image_size(tmp_path / "photo.heic", exif) == (128, 64)  # type: ignore[arg-type]


def test_an_uploaded_photo_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with served(Grey(tmp_path)) as client:
        found = client.post("/predict", content=heic(), headers={"Content-Type": "image/heic"})
    assert (found.status_code, found.json()["width"]) == (200, 64)
    assert abs(found.json()["predictions"][0]["probability"] * 255 - 180) < 5


@pytest.mark.usefixtures("_without")
@pytest.mark.parametrize("name", ["photo.heic", "photo.jpg"])
def test_without_the_extra_the_error_says_what_to_install(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(HEAD)
    for read in (lambda: read_image(tmp_path / name, READING), lambda: image_size(tmp_path / name)):
        with pytest.raises(UserError) as caught:
            read()
        assert f"it is HEIC, which needs pillow-heif: {INSTALL}" in str(caught.value)
    assert "HEIC" not in known_formats()


@pytest.mark.usefixtures("_without")
def test_without_the_extra_a_folder_s_photos_are_counted(tmp_path: Path) -> None:
    for name in ("a.heic", "b.HEIF", "c.heic"):
        (tmp_path / name).write_bytes(HEAD)
    found = find_images([tmp_path])
    assert found.files == []
    assert found.said() == f"left out: 2 .heic ({INSTALL}), 1 .heif ({INSTALL})"


@pytest.mark.usefixtures("_without")
def test_without_the_extra_an_upload_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with served(Grey(tmp_path)) as client:
        found = client.post("/predict", content=HEAD, headers={"Content-Type": "image/heic"})
    assert found.status_code == 422
    assert "needs pillow-heif" in found.json()["error"]
