"""Images: read from files and uploads as a model's training data was."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from PIL import Image
from pydantic import ConfigDict

from modelyard.config.image_section import ImageReading, ImageSettings, Positive
from modelyard.data.images import (
    MODES,
    NEEDS_HEIC,
    known_formats,
    open_image,
    picture_of,
    read_picture,
    reads_heic,
)
from modelyard.data.manifest import ArraySpec, Specs
from modelyard.data.suffixes import HEIC_SUFFIXES, IMAGE_SUFFIXES
from modelyard.errors import UserError

from . import SHORT, Found, Given, Kind, Shapes, TooLargeError
from .found import find_files, shown

INPUT = "images"
SHORT_PIXELS = 2**16  # decoded in about a millisecond
MEGAPIXELS = 50  # what the largest cameras give; a small file can unpack to much more
AXES = 4  # of a batch
OTHER = "without suffix that is not an image"
PLURALS = {OTHER: "without suffix that are not images"}


class _Described(ImageSettings):
    """What `described` returns; a model from before these settings has the defaults."""

    model_config = ConfigDict(extra="ignore")
    height: Positive
    width: Positive
    channels: Literal[1, 3]


class Images(Kind):
    """Images of one size, uint8 (height, width, channels).

    Attributes:
        reading: how images become what the model takes, as those were read that it learned from.
    """

    NAME: ClassVar[str] = "image"
    MANY: ClassVar[str] = "images"
    BATCH: ClassVar[str] = "images (batch, height, width, channels)"
    PLACES: ClassVar[str] = "images or folders of images"
    COLUMNS: ClassVar[tuple[str, ...]] = ("path",)
    MEDIA: ClassVar[tuple[str, ...]] = ("image/*", "application/octet-stream")
    FIELD: ClassVar[str | None] = "image"
    HOW = (
        "send one as the field `image` of a form (curl -F image=@digit.png), or as the body with a "
        "Content-Type such as image/png"
    )

    def __init__(self, settings: Mapping[str, Any], inputs: Specs) -> None:
        """Take the shape from the input, else from the settings; it is in one of them."""
        if INPUT in inputs:
            height, width, channels = inputs[INPUT].shape
        else:
            taken = _Described.model_validate(dict(settings))
            height, width, channels = taken.height, taken.width, taken.channels
        shape: Any = (height, width, channels)
        self.reading = ImageReading.of(shape, settings)
        self.inputs = {INPUT: ArraySpec(shape=shape, dtype="uint8")}

    def described(self) -> dict[str, Any]:
        """Return the shape and how an image is read."""
        return {"kind": "image", **self.reading.described()}

    def takes(self) -> str:
        """Say the size, and what becomes of other images."""
        height, width, channels = self.reading.shape
        resize = self.reading.resize
        others = f", other sizes: {resize}" if resize != "stretch" else ""
        colours = "grey" if channels == 1 else "colour"
        return f"images of {height} x {width} pixels{others}, {colours}, values 0 to 255"

    def fitted(self, shapes: Shapes) -> Self | None:
        """Return how images of the model's own size are read; None if it does not take images."""
        if not isinstance(shapes, tuple) or len(shapes) != AXES:
            return None
        if shapes[-1] not in MODES or None in shapes[1:]:
            return None
        spec = ArraySpec(shape=shapes[1:], dtype="uint8")
        return type(self)(self.reading.settings(), {INPUT: spec})

    def find(self, paths: Sequence[Path]) -> Found:
        """Return the files named, and all images below the folders named."""
        return find_images(paths)

    def read(self, found: Found) -> Iterator[Given]:
        """Yield each image that can be read."""
        for path in found.files:
            try:
                pixels, size, _ = read_picture(path, self.reading)
            except UserError as error:
                found.skip(error)
            else:
                yield Given({INPUT: pixels}, {"path": shown(path)}, size)

    def decode(self, body: bytes, media: str) -> Given:
        """Return an uploaded image, whatever the content type says it is."""
        del media
        with _readable(io.BytesIO(body)) as image:
            if image.height * image.width > MEGAPIXELS * 10**6:
                raise Image.DecompressionBombError
            return self._given(image)

    def decode_short(self, body: bytes, media: str) -> Given | None:
        """Return an uploaded image that is small, in bytes and in pixels."""
        del media
        if len(body) > SHORT:
            return None
        with _readable(io.BytesIO(body)) as image:
            return self._given(image) if image.height * image.width <= SHORT_PIXELS else None

    def _given(self, image: Image.Image) -> Given:
        pixels, size, _ = picture_of(image, self.reading)
        return Given({INPUT: pixels}, size=size)

    def told(self, given: Given) -> dict[str, Any]:
        """Return the size of the whole image, in whose pixels boxes are."""
        height, width = given.size or self.reading.shape[:2]
        return {"width": width, "height": height}

    def told_schema(self) -> dict[str, Any]:
        """Return what `told` says."""
        return {key: {"type": "integer", "minimum": 1} for key in ("width", "height")}

    def seen(self, given: Given) -> dict[str, Any]:
        """Return the sizes of the image and of what the model saw of it."""
        seen, resize = self.reading.shape[:2], self.reading.resize
        return {"size": given.size or seen, "seen": seen, "resize": resize}


KIND = Images


@contextmanager
def _readable(body: io.BytesIO) -> Iterator[Image.Image]:
    """Open an uploaded image; whatever fails in the block is a mistake in what was sent.

    Raises:
        UserError: it cannot be read.
        TooLargeError: it has too many pixels.
    """
    try:
        with open_image(body) as image:
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLargeError(f"The image has more than {MEGAPIXELS} megapixels.") from None
    except UserError as error:
        raise UserError(f"The image cannot be read: {error}.") from None
    except Exception:  # a damaged file makes decoders raise errors of many kinds
        raise UserError(
            "What was sent cannot be read as an image; it may be "
            f"{known_formats()}, and must be whole."
        ) from None


def find_images(paths: Sequence[Path]) -> Found:
    """Return the files named, and all images below the folders named, see `find_files`.

    Raises:
        UserError: one of them does not exist.
    """
    return find_files(paths, _not_an_image, Images.PLACES, PLURALS)


def _not_an_image(file: Path) -> str | None:
    """Say what a file is that is left out; None if it is an image, or by its name should be."""
    suffix = file.suffix.lower()
    if suffix in HEIC_SUFFIXES and not reads_heic():
        return f"{suffix} ({NEEDS_HEIC})"
    if suffix in IMAGE_SUFFIXES:
        return None
    return suffix or (None if _is_image(file) else OTHER)


def _is_image(file: Path) -> bool:
    """Say whether a file is an image by its content."""
    try:
        with open_image(file):
            return True
    except UserError:  # of a kind that is not read here; it is named as such when it is opened
        return True
    except Exception:  # whatever decoders raise for what is none
        return False
