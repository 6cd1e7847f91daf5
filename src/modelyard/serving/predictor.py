"""A saved model that predicts, and what is known of its inputs and outputs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from modelyard.config.project import source_folder
from modelyard.errors import UserError
from modelyard.official.fetching import fetch_official
from modelyard.official.finding import find_official
from modelyard.official.naming import is_name
from modelyard.official.record import load_official
from modelyard.saved.description import DESCRIPTION, description_of
from modelyard.startup import import_tensorflow
from modelyard.tasks.kinds import Inputs, Kind, kind_of, unknown_kind

from .adapter_predictor import AdapterPredictor, adapter_folder
from .predicting import Predicting, described, told_here

if TYPE_CHECKING:
    import keras

__all__ = ["Engine", "Predictor", "kind_taken", "load_predictor"]

Engine = Literal["keras", "tflite"]


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

        self.task = told_here(self.about, description)
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


def load_predictor(name: str, engine: Engine = "keras") -> Predicting:
    """Load a model by its folder or its `.keras` file, or an official model by its name.

    A model in models/ that brings an adapter.py is loaded by that. `tflite` runs the model's
    export without TensorFlow; where there is none that answers alike, Keras does, with a warning.

    Raises:
        UserError: there is no such model, or it cannot be fetched.
    """
    if is_name(name):
        return _loaded(*fetch_official(name), engine)
    path = Path(name)
    try:
        if folder := adapter_folder(path):
            if engine != "keras":
                _warn(f"{folder} is loaded by its adapter.py, which has no TFLite export")
            return AdapterPredictor(folder)
        file = _keras_file(path)
        return _loaded(file, _described(file), engine)
    except OSError as error:
        raise _not_opened(name, error) from None


def _loaded(file: Path, description: Path, engine: Engine) -> Predicting:
    if engine == "tflite":
        from .lite_predictor import LitePredictor, NoExportError

        try:
            return LitePredictor(file, description)
        except NoExportError as why:
            _warn(f"{why}; Keras answers instead")
    return Predictor(file, description)


def _warn(why: str) -> None:
    print(f"warning: --engine tflite: {why}.", file=sys.stderr, flush=True)


def kind_taken(name: str) -> Kind:
    """Return what a model takes, without loading it; that of images where nothing describes it.

    Raises:
        UserError: its description is damaged.
    """
    path = find_official(name).folder if is_name(name) else Path(name)
    try:
        file = _only(path) if path.is_dir() else description_of(path)
        return kind_of(described(file)) if file.is_file() else unknown_kind()
    except OSError as error:
        raise _not_opened(name, error) from None


def _described(file: Path) -> Path:
    """Return the description of a `.keras` file; what was published must be what lies there.

    Raises:
        UserError: there is none, or the file is not the one that it describes.
    """
    description = description_of(file)
    if not description.is_file():
        raise UserError(
            f"{file} has no {DESCRIPTION}, neither beside it nor in {file.with_suffix('')}/; it "
            "says what the model takes and answers: bring it from where the file comes from."
        )
    published = description.with_name("config.yaml")
    if description.parent != file.parent and published.is_file():
        with file.open("rb") as content:
            problem = load_official(published).problem(content)
        if problem:
            raise UserError(
                f"{file} is not what {published} describes ({problem}); download both again."
            )
    return description


def _only(folder: Path) -> Path:
    """Return the description of the model in a folder."""
    files = sorted(folder.glob("[!.]*.keras"))
    return description_of(files[0]) if len(files) == 1 else folder / DESCRIPTION


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
