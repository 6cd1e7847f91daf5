"""A saved model that predicts, and what is known of its inputs and outputs."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelyard.config.image_section import ImageReading
from modelyard.config.project import source_folder
from modelyard.data.images import MODES
from modelyard.errors import UserError
from modelyard.saved.official import DESCRIPTION, fetch_official
from modelyard.startup import import_tensorflow

from .adapter_predictor import AdapterPredictor, adapter_folder
from .predicting import Predicting, Size, described

if TYPE_CHECKING:
    import keras

__all__ = ["Predictor", "Size", "load_predictor"]


class Predictor(Predicting):
    """A saved model of Keras; `file` is the `.keras` file."""

    def __init__(self, file: Path, description: Path) -> None:
        """Load a `.keras` file and its predict_configuration.yaml.

        Raises:
            UserError: one of them is damaged.
        """
        self.file, self.folder = file, description.parent
        self.about = described(description)
        import_tensorflow(source_folder())
        from modelyard.saved.loading import load_intact
        from modelyard.tasks import load_task

        try:
            self.task = load_task(self.about["task"])
        except ModuleNotFoundError as error:
            raise UserError(
                f"{description}: task is {self.about['task']!r}, which needs more than is here "
                f"({error}); bake a project of that task."
            ) from None
        self.model: keras.Model = load_intact(file)
        self._check_shapes(description)
        self.reading = ImageReading.of(self.model.input_shape[1:], self.about["input"])

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

    def _say(self, images: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = self.model.predict_on_batch(images)
        return outputs


def load_predictor(name: str) -> Predicting:
    """Load a model by its folder or its `.keras` file, or an official model by its name.

    A model in models/ that brings an adapter.py is loaded by that.

    Raises:
        UserError: there is no such model, or it cannot be fetched.
    """
    path = Path(name)
    try:
        if not path.exists() and path.name == name and not path.suffix:
            return Predictor(*fetch_official(name))
        if folder := adapter_folder(path):
            return AdapterPredictor(folder)
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
    raise UserError(f"{path} holds no .keras file; train it or `dvc pull` it, or name another.")
