"""What predicts, whatever it was saved by: images in, rows of a table or answers out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from modelyard.config.data_section import Task
from modelyard.config.image_section import ImageReading, ImageSettings, Positive
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.tasks import Output
from modelyard.tasks import Task as Meaning

Size = tuple[int, int]
AGAIN = "`dvc pull` or train it again"


class _Input(ImageSettings):
    """What `ImageReading.described` writes; a model from before these settings has the defaults."""

    model_config = ConfigDict(extra="ignore")
    height: Positive
    width: Positive
    channels: Literal[1, 3]


class _Output(BaseModel):
    classes: list[str] = Field(min_length=1)


class _Description(BaseModel):
    """What a predict_configuration.yaml must tell; more is kept."""

    model: str
    task: Task
    input: _Input
    output: _Output


class Predicting(ABC):
    """A saved model that turns images into rows of a table.

    Attributes:
        file: the saved model.
        folder: where its predict_configuration.yaml lies, and what else is known of it.
        about: its predict_configuration.yaml.
        classes: their names, in the order of the outputs.
        task: what its outputs mean.
        model: what predicts: a Keras model, or an adapter.
        reading: how images become what it takes, as those were read that it has learned from.
    """

    file: Path
    folder: Path
    about: dict[str, Any]
    task: Meaning
    model: Any
    reading: ImageReading

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images that it takes."""
        return self.reading.shape

    @property
    def classes(self) -> list[str]:
        """Their names, in the order of the outputs."""
        found: list[str] = self.about["output"]["classes"]
        return found

    def __call__(self, images: np.ndarray, sizes: Sequence[Size]) -> list[list[dict[str, object]]]:
        """Return the rows of each of the images (batch, *shape) that were `sizes` before."""
        pairs = zip(self.outputs(images), sizes, strict=True)
        return [self.task.rows(self.output(*pair)) for pair in pairs]

    def output(self, values: np.ndarray, size: Size) -> Output:
        """Return what the model says of one image that was `size` (height, width) before."""
        return Output(values, self.classes, size, self.shape[:2], self.reading.resize)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Return what the model says of the images (batch, *shape).

        Raises:
            UserError: it says NaN or infinity, or a class that its description does not name.
        """
        outputs = self._say(images)
        if not np.isfinite(outputs).all():
            raise UserError(
                f"{self.file} answers with numbers that are not finite (NaN or infinity); train it "
                "again."
            )
        columns = self.about["output"].get("columns", [])
        found = outputs[..., columns.index("class")] if "class" in columns else outputs[:0]
        if found.size and found.max() >= len(self.classes):
            raise UserError(
                f"{self.folder / 'predict_configuration.yaml'} names {len(self.classes)} classes, "
                f"but {self.file} finds others; {AGAIN}."
            )
        return outputs

    @abstractmethod
    def _say(self, images: np.ndarray) -> np.ndarray:
        """Return the model's outputs, whatever they are."""


def described(path: Path) -> dict[str, Any]:
    """Read a predict_configuration.yaml.

    Raises:
        UserError: there is none, or it does not describe a model.
    """
    document = read_yaml(path, AGAIN)
    try:
        _Description.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{path} does not describe a model ({key or 'it'}: {first['msg']}); {AGAIN}."
        ) from None
    return dict(document)


def reading_of(about: dict[str, Any]) -> ImageReading:
    """Return how a described model's images are read, see `described`."""
    taken = about["input"]
    return ImageReading.of((taken["height"], taken["width"], taken["channels"]), taken)
