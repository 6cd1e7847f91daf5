"""Run a TFLite model."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from modelyard.config.export_section import NOT_RUN
from modelyard.errors import UserError

AGAIN = "`dvc pull` or train it again"
LACKS = "Select TensorFlow op"  # how the interpreter's error begins


class NotRunError(UserError):
    """The file needs TensorFlow's own operators, which this interpreter does not have."""


class LiteModel:
    """A TFLite model as a function: images (batch, height, width, channels) to outputs."""

    def __init__(self, path: Path) -> None:
        """Load the file."""
        if not path.is_file():
            raise UserError(f"{path} does not exist; train the model first with `dvc repro`.")
        try:
            self._interpreter = Interpreter(str(path))
        except (RuntimeError, ValueError) as error:
            raise UserError(f"{path} is not a TFLite model ({_said(error)}); {AGAIN}.") from None
        taken = self._interpreter.get_input_details()[0]
        self._input, self._dtype = taken["index"], taken["dtype"]
        self._one_at_a_time = taken["shape_signature"][0] == 1
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shape: tuple[int, ...] = ()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict; a file whose batch is fixed at 1 gets one image at a time.

        Raises:
            NotRunError: the interpreter lacks TensorFlow's own operators.
        """
        if self._one_at_a_time:
            return np.concatenate([self._run(images[at : at + 1]) for at in range(len(images))])
        return self._run(images)

    def _run(self, images: np.ndarray) -> np.ndarray:
        try:
            return self._invoke(images)
        except RuntimeError as error:
            if LACKS in str(error):
                raise NotRunError(NOT_RUN) from None
            raise

    def _invoke(self, images: np.ndarray) -> np.ndarray:
        """Let the interpreter's fixed input shape follow the batch, then predict."""
        if images.shape != self._shape:
            self._interpreter.resize_tensor_input(self._input, images.shape)
            self._interpreter.allocate_tensors()
            self._shape = images.shape
        self._interpreter.set_tensor(self._input, images.astype(self._dtype))
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output))


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
