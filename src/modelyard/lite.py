"""Run a TFLite model."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from .errors import UserError


class LiteModel:
    """A TFLite model as a function: images (batch, height, width, channels) to probabilities."""

    def __init__(self, path: Path) -> None:
        """Load the file."""
        if not path.is_file():
            raise UserError(f"{path} does not exist; train the model first with `dvc repro`.")
        self._interpreter = Interpreter(str(path))
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shape: tuple[int, ...] = ()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict; the interpreter's fixed input shape follows the batch."""
        if images.shape != self._shape:
            self._interpreter.resize_tensor_input(self._input, images.shape)
            self._interpreter.allocate_tensors()
            self._shape = images.shape
        self._interpreter.set_tensor(self._input, images.astype(np.float32))
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output))
