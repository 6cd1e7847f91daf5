"""Run a saved model in any of the forms that `params.export` may name."""

from collections.abc import Callable
from pathlib import Path

from modelyard.tasks import Form

from .lite import LiteModel, NotRunError
from .onnx import OnnxModel

__all__ = ["FORMS", "Form", "LiteModel", "NotRunError", "OnnxModel"]

FORMS: dict[str, Callable[[Path], Form]] = {"tflite": LiteModel, "onnx": OnnxModel}
