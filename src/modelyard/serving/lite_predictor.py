"""A saved model that predicts by its TFLite export: it starts in a moment, without TensorFlow."""

from pathlib import Path

import numpy as np

from modelyard.errors import UserError
from modelyard.saved.content import has_encoder
from modelyard.startup import quiet
from modelyard.tasks.kinds import Inputs, kind_of

from .predicting import AGAIN, Predicting, described, told_here

EXPORTS = (Path("exports", "model.tflite"), Path("model.tflite"))  # the latter as it was once
KERAS = "model.keras"  # of which they are exports


class NoExportError(UserError):
    """There is no export that answers as the model does; why, without a full stop."""


class LitePredictor(Predicting):
    """The TFLite export of a saved model; `file` is that."""

    def __init__(self, file: Path, description: Path) -> None:
        """Load the export of a `.keras` file.

        Raises:
            NoExportError: there is none, or it would not answer as the model does.
            UserError: a file is damaged.
        """
        self.file, self.folder = _export(file), description.parent
        _check_encoder(file, self.file)
        self.about = described(description)
        try:
            from modelyard.saved.lite import LiteModel
        except ImportError as error:
            raise NoExportError(f"ai-edge-litert cannot be imported here ({error})") from None
        self.task = told_here(self.about, description)
        with quiet():  # it tells what it computes with
            self.model = LiteModel(self.file)
            self._check()

    def _check(self) -> None:
        """Refuse an export that takes or says something else than the model."""
        from modelyard.saved.lite import NotRunError

        kind, taken = kind_of(self.about), self.model.input_shapes
        fitted = kind.fitted(taken)
        if fitted is None:
            raise NoExportError(f"{self.file} takes {taken}, which are not {kind.MANY}")
        self.kind = fitted
        if not self.model.is_exact:
            raise NoExportError(
                f"{self.file} is less exact than the model; `precision: float32` of params.export "
                "is not"
            )
        try:
            self.outputs(self.kind.blank(1))
        except NotRunError:
            raise NoExportError(
                f"{self.file} needs operators of TensorFlow that LiteRT does not have"
            ) from None

    def _say(self, inputs: Inputs) -> np.ndarray:
        outputs: np.ndarray = self.model(inputs)
        return outputs


def _export(file: Path) -> Path:
    """Return the export of a `.keras` file."""
    for export in EXPORTS:
        if file.name == KERAS and (file.parent / export).is_file():
            return file.parent / export
    raise NoExportError(f"{file} has no export {EXPORTS[0]}; `params.export: [tflite]` writes it")


def _check_encoder(file: Path, export: Path) -> None:
    try:
        with file.open("rb") as checkpoint:
            encoded = has_encoder(checkpoint)
    except ValueError as error:
        raise UserError(f"{file}: {error}; {AGAIN}.") from None
    if encoded:
        raise NoExportError(f"{export} lacks the encoder that {file} begins with")
