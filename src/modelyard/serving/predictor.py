"""A saved model that predicts, and what is known of its inputs and outputs."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelyard.config.project import source_folder
from modelyard.errors import UserError
from modelyard.saved.official import DESCRIPTION, OFFICIAL_MODELS, fetch_official
from modelyard.startup import import_tensorflow
from modelyard.tasks.kinds import Inputs, Kind, kind_of, unknown_kind

from .adapter_predictor import AdapterPredictor, adapter_folder
from .predicting import Predicting, described

if TYPE_CHECKING:
    import keras

__all__ = ["Predictor", "kind_taken", "load_predictor"]


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
        from modelyard.tasks import told_by

        try:
            self.task = told_by(self.about)
        except ModuleNotFoundError as error:
            raise UserError(
                f"{description}: task is {self.about['task']!r}, which needs more than is here "
                f"({error}); bake a project of that task."
            ) from None
        self.model: keras.Model = load_intact(file)
        self.kind = self._fitted(kind_of(self.about))
        self._check_outputs(description)

    def _fitted(self, kind: Kind) -> Kind:
        """Refuse a model of examples of another kind."""
        from modelyard.saved.encoding import input_shapes

        taken = input_shapes(self.model)
        fitted = kind.fitted(taken)
        if fitted is None:
            raise UserError(
                f"{self.file} takes {taken}, which are not {kind.MANY}; name another model."
            )
        return fitted

    def _check_outputs(self, description: Path) -> None:
        """Refuse a model that its description does not fit."""
        output, given, count = self.about["output"], self.model.output_shape, len(self.classes)
        if output.get("activation") in ("probabilities", "labels") and given != (None, count):
            raise UserError(
                f"{description} names {count} classes, but {self.file} gives {given}; `dvc pull` "
                f"or train it again."
            )

    def _say(self, inputs: Inputs) -> np.ndarray:
        from modelyard.saved.encoding import as_tensors

        outputs: np.ndarray = self.model.predict_on_batch(as_tensors(inputs))
        return outputs


def load_predictor(name: str) -> Predicting:
    """Load a model by its folder or its `.keras` file, or an official model by its name.

    A model in models/ that brings an adapter.py is loaded by that.

    Raises:
        UserError: there is no such model, or it cannot be fetched.
    """
    path = Path(name)
    try:
        if _is_official(path, name):
            return Predictor(*fetch_official(name))
        if folder := adapter_folder(path):
            return AdapterPredictor(folder)
        file = _keras_file(path)
        return Predictor(file, file.with_name(DESCRIPTION))
    except OSError as error:
        raise _not_opened(name, error) from None


def kind_taken(name: str) -> Kind:
    """Return what a model takes, without loading it; that of images where nothing describes it.

    Raises:
        UserError: its description is damaged.
    """
    path = Path(name)
    try:
        folder = OFFICIAL_MODELS / name if _is_official(path, name) else path
        file = (folder if folder.is_dir() else folder.parent) / DESCRIPTION
        return kind_of(described(file)) if file.is_file() else unknown_kind()
    except OSError as error:
        raise _not_opened(name, error) from None


def _is_official(path: Path, name: str) -> bool:
    return not path.exists() and path.name == name and not path.suffix


def _not_opened(name: str, error: OSError) -> UserError:
    return UserError(
        f"{name} cannot be opened as a model ({error.strerror or error}); name another."
    )


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
