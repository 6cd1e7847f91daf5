"""Run a TFLite model."""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from modelyard.config.export_section import NOT_RUN
from modelyard.errors import UserError
from modelyard.tasks.batches import count, picked

AGAIN = "`dvc pull` or train it again"
LACKS = "Select TensorFlow op"  # how the interpreter's error begins


class NotRunError(UserError):
    """The file needs TensorFlow's own operators, which this interpreter does not have."""


class LiteModel:
    """A TFLite model as a function: a batch of what its network takes to outputs."""

    def __init__(self, path: Path) -> None:
        """Load the file."""
        if not path.is_file():
            raise UserError(f"{path} does not exist; train the model first with `dvc repro`.")
        try:
            self._interpreter = Interpreter(str(path))
        except (RuntimeError, ValueError) as error:
            raise UserError(f"{path} is not a TFLite model ({_said(error)}); {AGAIN}.") from None
        details = self._interpreter.get_input_details()
        self._inputs = {_name(one["name"]): one for one in details}
        self._one_at_a_time = details[0]["shape_signature"][0] == 1
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shapes: list[tuple[int, ...]] = []

    @property
    def input_shapes(self) -> Any:
        """The shape of its only input, with the batch, or shapes by name: as Keras says them."""
        shapes = {
            name: (None, *(None if size < 0 else int(size) for size in one["shape_signature"][1:]))
            for name, one in self._inputs.items()
        }
        return shapes if len(shapes) > 1 else next(iter(shapes.values()))

    @property
    def is_exact(self) -> bool:
        """Whether all of its numbers are as exact as those of the model that it was made of."""
        kinds = {np.dtype(one["dtype"]) for one in self._interpreter.get_tensor_details()}
        return not kinds & {np.dtype("float16"), np.dtype("int8")}

    def __call__(self, inputs: Any) -> np.ndarray:
        """Predict; a file whose batch is fixed at 1 gets one example at a time.

        Raises:
            NotRunError: the interpreter lacks TensorFlow's own operators.
        """
        if self._one_at_a_time:
            single = (picked(inputs, slice(at, at + 1)) for at in range(count(inputs)))
            return np.concatenate([self._run(one) for one in single])
        return self._run(inputs)

    def _run(self, inputs: Any) -> np.ndarray:
        try:
            return self._invoke(inputs)
        except RuntimeError as error:
            if LACKS in str(error):
                raise NotRunError(NOT_RUN) from None
            raise

    def _invoke(self, inputs: Any) -> np.ndarray:
        """Let the interpreter's fixed input shapes follow the batch, then predict."""
        named = inputs if isinstance(inputs, dict) else {next(iter(self._inputs)): inputs}
        parts = [(self._inputs[name], np.asarray(part)) for name, part in named.items()]
        shapes = [part.shape for _, part in parts]
        if shapes != self._shapes:
            for taken, part in parts:
                self._interpreter.resize_tensor_input(taken["index"], part.shape)
            self._interpreter.allocate_tensors()
            self._shapes = shapes
        for taken, part in parts:
            self._interpreter.set_tensor(taken["index"], part.astype(taken["dtype"]))
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output))


def _name(tensor: str) -> str:
    """Return the name of an input as Keras has it, of `serving_default_NAME:0`."""
    return tensor.removeprefix("serving_default_").partition(":")[0]


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
