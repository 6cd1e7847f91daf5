"""A saved model that predicts, and what is known of its inputs and outputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from modelyard.config.data_section import Task
from modelyard.config.models import adapter_of
from modelyard.config.project import source_folder
from modelyard.data.images import MODES
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.startup import import_tensorflow
from modelyard.tasks import Output

from .official import DESCRIPTION, fetch_official

if TYPE_CHECKING:
    import keras

Size = tuple[int, int]


class _Input(BaseModel):
    height: int
    width: int
    channels: int


class _Output(BaseModel):
    classes: list[str] = Field(min_length=1)


class _Description(BaseModel):
    """What a predict_configuration.yaml must tell; more is kept."""

    model: str
    task: Task
    input: _Input
    output: _Output


class Predictor:
    """A saved model that turns images into rows of a table.

    Attributes:
        file: the `.keras` file.
        folder: where its predict_configuration.yaml lies, and what else is known of it.
        about: its predict_configuration.yaml.
        classes: their names, in the order of the outputs.
        task: what its outputs mean.
        model: the Keras model.
        shape: (height, width, channels) of the images that it takes.
    """

    def __init__(self, file: Path, description: Path) -> None:
        """Load a `.keras` file and its predict_configuration.yaml.

        Raises:
            UserError: one of them is damaged.
        """
        self.file, self.folder = file, description.parent
        self.about = _described(description)
        self.classes: list[str] = self.about["output"]["classes"]
        import_tensorflow(source_folder())
        from modelyard.tasks import load_task
        from modelyard.training.saved import load_saved

        try:
            self.task = load_task(self.about["task"])
        except ModuleNotFoundError as error:
            raise UserError(
                f"{description}: task is {self.about['task']!r}, which needs more than is here "
                f"({error}); bake a project of that task."
            ) from None
        try:
            self.model: keras.Model = load_saved(file)
        except Exception as error:  # a damaged file makes Keras raise errors of many kinds
            reason = str(error).strip().partition("\n")[0].partition(". ")[0]
            raise UserError(
                f"{file} is not a model that Keras can load ({reason}); `dvc pull` or train it "
                "again."
            ) from None
        self._check_shapes(description)
        self.shape: tuple[int, int, int] = self.model.input_shape[1:]

    def _check_shapes(self, description: Path) -> None:
        """Refuse a model of anything but images, and one that its description does not fit."""
        taken, given, count = self.model.input_shape, self.model.output_shape, len(self.classes)
        if not (isinstance(taken, tuple) and taken[-1] in MODES and None not in taken[1:]):
            raise UserError(f"{self.file} takes {taken}, which are not images; name another model.")
        if self.about["output"].get("activation") == "probabilities" and given != (None, count):
            raise UserError(
                f"{description} names {count} classes, but {self.file} gives {given}; `dvc pull` "
                f"or train it again."
            )

    def __call__(self, images: np.ndarray, sizes: Sequence[Size]) -> list[list[dict[str, object]]]:
        """Return the rows of each of the images (batch, *shape) that were `sizes` before."""
        pairs = zip(self.outputs(images), sizes, strict=True)
        return [self.task.rows(self.output(*pair)) for pair in pairs]

    def output(self, values: np.ndarray, size: Size) -> Output:
        """Return what the model says of one image that was `size` (height, width) before."""
        return Output(values, self.classes, size, self.shape[:2])

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Return what the model says of the images (batch, *shape).

        Raises:
            UserError: it says NaN or infinity, or a class that its description does not name.
        """
        outputs: np.ndarray = self.model.predict_on_batch(images)
        if not np.isfinite(outputs).all():
            raise UserError(
                f"{self.file} answers with numbers that are not finite (NaN or infinity); train it "
                "again."
            )
        columns = self.about["output"].get("columns", [])
        if "class" in columns and outputs[..., columns.index("class")].max() >= len(self.classes):
            raise UserError(
                f"{self.folder / DESCRIPTION} names {len(self.classes)} classes, but {self.file} "
                f"finds others; `dvc pull` or train it again."
            )
        return outputs


def load_predictor(name: str) -> Predictor:
    """Load a model by its folder or its `.keras` file, or an official model by its name.

    Raises:
        UserError: there is no such model, or it cannot be fetched.
    """
    path = Path(name)
    try:
        if not path.exists() and path.name == name and not path.suffix:
            return Predictor(*fetch_official(name))
        file = _keras_file(path)
        return Predictor(file, file.with_name(DESCRIPTION))
    except OSError as error:
        raise UserError(
            f"{name} cannot be opened as a model ({error.strerror or error}); name another."
        ) from None


def _keras_file(path: Path) -> Path:
    """Return the `.keras` file that is meant: the path, or the only one in that folder."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise UserError(f"{path} does not exist; train it or `dvc pull` it, or name another.")
    files = sorted(path.glob("[!.]*.keras"))  # with a dot begins what is being written
    if len(files) == 1:
        return files[0]
    if files:
        names = ", ".join(map(str, files))
        raise UserError(f"{path} holds more than one model; name one of them: {names}.")
    if adapter := adapter_of(path / "config.yaml"):
        raise UserError(
            f"{adapter} defines what is saved there, and only `.keras` files can be used here; "
            f"load the model by its own `load`."
        )
    raise UserError(f"{path} holds no .keras file; train it or `dvc pull` it, or name another.")


def _described(path: Path) -> dict[str, Any]:
    """Read a predict_configuration.yaml."""
    document = read_yaml(path)
    try:
        _Description.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{path} does not describe a model ({key or 'it'}: {first['msg']}); `dvc pull` or "
            f"train it again."
        ) from None
    return dict(document)
