"""Run an ONNX model."""

from pathlib import Path

import numpy as np

from modelyard.errors import UserError

AGAIN = "`dvc pull` or train it again"
INSTALL = "add `onnx` to modelyard's extras in requirements.txt and run `sh setup.sh`"


class OnnxModel:
    """An ONNX model as a function: images (batch, height, width, channels) to outputs."""

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
        [first, *_] = self._session.get_inputs()
        # A graph says itself whether it takes bytes, as the other forms do, or floats.
        self._input, self._dtype = first.name, DTYPES.get(first.type, np.float32)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict."""
        outputs = self._session.run(None, {self._input: images.astype(self._dtype)})
        return np.asarray(outputs[0])


DTYPES = {"tensor(uint8)": np.uint8}
