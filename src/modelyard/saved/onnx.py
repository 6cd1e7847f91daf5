"""Run an ONNX model."""

from pathlib import Path
from typing import Any

import numpy as np

from modelyard.errors import UserError

AGAIN = "`dvc pull` or train it again"
INSTALL = "add `onnx` to modelyard's extras in requirements.txt and run `sh setup.sh`"


class OnnxModel:
    """An ONNX model as a function: a batch of what its network takes to outputs."""

    def __init__(self, path: Path) -> None:
        """Load the file."""
        if not path.is_file():
            raise UserError(f"{path} does not exist; train the model first with `dvc repro`.")
        try:
            import onnxruntime
        except ImportError:
            raise UserError(f"{path} needs the package onnxruntime; {INSTALL}.") from None
        try:
            self._session = onnxruntime.InferenceSession(path)
        except Exception as error:  # its errors have no kind in common
            said = " ".join(str(error).split())[:300].rstrip(".")
            raise UserError(f"{path} is not an ONNX model ({said}); {AGAIN}.") from None
        # A graph says itself whether it takes bytes, as the other forms do, or floats.
        taken = self._session.get_inputs()
        self._dtypes = {one.name: DTYPES.get(one.type, np.float32) for one in taken}

    def __call__(self, inputs: Any) -> np.ndarray:
        """Predict."""
        named = inputs if isinstance(inputs, dict) else {next(iter(self._dtypes)): inputs}
        fed = {name: np.asarray(part).astype(self._dtypes[name]) for name, part in named.items()}
        outputs = self._session.run(None, fed)
        return np.asarray(outputs[0])


DTYPES = {"tensor(uint8)": np.uint8, "tensor(int32)": np.int32, "tensor(int64)": np.int64}
