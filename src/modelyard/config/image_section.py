"""How an image becomes what a model sees: a part of the section `data` of the root config.yaml."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from modelyard.errors import did_you_mean

from .colours import COLOURS, is_colour
from .section import Section

Positive = Annotated[int, Field(gt=0, le=10**9)]
Side = Annotated[int, Field(gt=0, le=16_384)]  # pixels; no network takes larger images whole
SixteenBits = Annotated[int, Field(ge=0, le=65535)]
Exif = Literal["apply", "ignore"]
Resize = Literal["stretch", "pad", "crop"]


def _colour(value: object) -> object:
    if isinstance(value, str) and is_colour(value):
        return value
    hint = did_you_mean(value, COLOURS) if isinstance(value, str) else ""
    raise ValueError(
        f'not a colour{hint}; write a name such as white, or "#ffffff" in quotes, as YAML takes '
        "# for the beginning of a comment"
    )


def _no_boolean(value: object) -> object:
    """Refuse true, which equals 1."""
    if isinstance(value, bool):
        raise ValueError("write 1 for grey, or 3 for colour")
    return value


class ImageSettings(Section):
    """How an image is read whatever its size, for training and for prediction alike.

    Attributes:
        resize: stretch changes the shape of things; pad adds `background` around the whole image;
            crop cuts the middle out.
        exif: whether the orientation that a camera noted is applied before anything is counted.
        background: what shows where an image is transparent or padded; a name or #rrggbb.
        sixteen_bit_range: what becomes 0 and 255 of images with 16 bits.
    """

    resize: Resize = "stretch"
    exif: Exif = "ignore"
    background: Annotated[str, BeforeValidator(_colour)] = "white"
    sixteen_bit_range: list[SixteenBits] = Field(default=[0, 65535], min_length=2, max_length=2)

    @model_validator(mode="after")
    def _rising_range(self) -> Self:
        low, high = self.sixteen_bit_range
        if low >= high:
            raise ValueError(f"sixteen_bit_range [{low}, {high}] must rise, such as [0, 4095]")
        return self

    def settings(self) -> dict[str, Any]:
        """Return these settings alone, as plain values."""
        return {name: getattr(self, name) for name in ImageSettings.model_fields}


class ImageReading(ImageSettings):
    """How an image is read, for training and for prediction alike.

    Attributes:
        image_size: height, width.
    """

    image_size: list[Side] = Field(min_length=2, max_length=2)
    channels: Annotated[Literal[1, 3], BeforeValidator(_no_boolean)]

    @classmethod
    def of(cls, shape: tuple[int, int, int], settings: Mapping[str, Any]) -> "ImageReading":
        """Return how images become (height, width, channels); what is not set is the default.

        Raises:
            ValidationError: a shape or settings that do not exist.
        """
        *size, channels = shape
        known = {name: settings[name] for name in ImageSettings.model_fields if name in settings}
        return cls.model_validate({"image_size": size, "channels": channels} | known)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of what a model sees."""
        height, width = self.image_size
        return height, width, self.channels

    def described(self) -> dict[str, Any]:
        """Return `input` of a predict_configuration.yaml."""
        names = ("height", "width", "channels")
        shape = dict(zip(names, self.shape, strict=True))
        return shape | {"pixel_range": [0, 255]} | self.settings()
