"""Model tests without TensorFlow: what stands in for the package that is tested, and for Keras.

`python -m engine.model_testing ARGUMENTS` is `python -m ci.run_tests ARGUMENTS` with it.
"""

import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import src.run  # noqa: F401 - the project, which knows the architectures
from modelyard.errors import UserError
from modelyard.files import read_json, write_yaml
from modelyard.model_tests import run_tests
from modelyard.model_tests.code import Code

from .tiny import MODEL

TESTS = Path("model_tests.yaml")
ENVIRONMENTS = Path("environments.yaml")
STUB = Path("stub")
QUICK = {"env": "local", "model": "tiny", "time_limit": 60, "metrics": {"accuracy": 0.9}}
METRICS = '{"test": {"accuracy": 0.95}}'

# What each stage does is Python in a variable of the environment, such as TRAIN.
RUN = """
import os, subprocess, sys, time
from pathlib import Path
import numpy as np
MODEL, METRICS = Path("models/tiny"), Path("training_metrics/tiny")
def main(arguments):
    stage = arguments[0]
    names = {**globals(), "status": 0}
    exec(STAGES.get(stage, ""), names)
    exec(os.environ.get(stage.upper(), ""), names)
    return names["status"]
STAGES = {
    "train": '''
for name in ("train_configuration.yaml", "model.keras", "model.tflite"):
    (MODEL / name).write_text("0")
ABOUT = "{task: image_classification, output: {activation: probabilities}}"
(MODEL / "predict_configuration.yaml").write_text(ABOUT)
images = np.load(next(Path("data/processed").glob("*/test_images.npy")))
np.save(MODEL / "test_predictions.npy", images.reshape(len(images), -1)[:, :2] / np.float32(255))
''',
    "evaluate": '''
METRICS.mkdir(parents=True)
(METRICS / "metrics.json").write_text(os.environ["METRICS"])
''',
}
"""
# A saved model is a text: what it adds to every prediction, or Python that is run instead.
LOADED = """
from pathlib import Path
class Model:
    layers = ()
    def __init__(self, path, **_):
        self.text = Path(path).read_text()
        if not self.text.replace(".", "").isdecimal():
            exec(self.text)
    def __call__(self, images):
        return images.reshape(len(images), -1)[:, :2] / 255 + float(self.text)
    predict_on_batch = __call__
"""
# What is used of onnxruntime: floats only go in, and its session is a function of named inputs.
ONNX = """
class Input:
    name, type = "pixels", "tensor(float)"
class InferenceSession(Model):
    def get_inputs(self):
        return [Input]
    def run(self, _, inputs):
        assert inputs["pixels"].dtype.name == "float32"
        return [self(inputs["pixels"])]
"""
# What is used of ai_edge_litert: tensors have numbers, and `invoke` fills them.
LITE = """
class Interpreter(Model):
    def get_input_details(self):
        taken = {"name": "serving_default_pixels:0", "index": 0, "dtype": "float32"}
        return [{**taken, "shape_signature": [-1, 8, 8, 1]}]
    def get_output_details(self):
        return [{"index": 1}]
    def resize_tensor_input(self, index, shape):
        assert index == 0
    def allocate_tensors(self):
        self.tensors = {}
    def set_tensor(self, index, images):
        assert images.dtype.name == "float32"
        self.tensors[index] = images
    def invoke(self):
        self.tensors[1] = self(self.tensors[0])
    def get_tensor(self, index):
        return self.tensors[index]
"""
# What the engine names of Keras while it is imported, and how it loads a model.
KERAS = """
class models:
    load_model = Model
class callbacks:
    Callback = object
class Variable:
    pass
class metrics:
    Metric = object
class saving:
    get_custom_objects = dict
    def register_keras_serializable(package=None):
        return lambda kind: kind
losses = ops = optimizers = None
class tree:
    def map_structure(function, part):
        return function(part)
    def flatten(part):
        return [part]
"""
# A machine has as many GPUs as a variable of the environment says, where none is hidden.
TENSORFLOW = """
import os
class config:
    def list_physical_devices(kind):
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == "-1"
        return [kind] * (0 if hidden else int(os.environ.get("GPUS", 0)))
"""
FILES = {
    "ai_edge_litert/__init__.py": "",
    "ai_edge_litert/interpreter.py": f"{LOADED}{LITE}",
    "keras.py": f"{LOADED}{KERAS}",
    "onnxruntime.py": f"{LOADED}{ONNX}",
    "standin/__init__.py": "",
    "standin/run.py": RUN,
    "tensorflow/__init__.py": TENSORFLOW,
    "tensorflow/python/framework/ops.py": "",
}


def write_stub() -> None:
    """Write the package that stands in, below the working directory."""
    for name, content in FILES.items():
        path = STUB / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def write_tests(**tests: Any) -> None:
    """Write model_tests.yaml; each test is QUICK with other values."""
    write_yaml(TESTS, {name: QUICK | changes for name, changes in tests.items()})


def code_of(env: str) -> Code:
    """Return the package that stands in; there is nothing in an environment called broken."""
    if env == "broken":
        raise UserError("broken: version 0.1.0 is not there.")
    variables = {"METRICS": METRICS, **os.environ, "PYTHONPATH": str(STUB.resolve()), "ENV": env}
    return Code(Path(sys.executable), "standin", STUB.resolve(), variables)


def run(*arguments: str) -> int:
    """Run model tests with data that is there and the package that stands in."""
    with patch.multiple(run_tests, prepare_data=lambda: None, code_of=code_of):
        return run_tests.main(arguments)


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Run tests that must fail; return the lines after `error: `."""
    capsys.readouterr()
    assert run(*arguments) == 1
    lines = capsys.readouterr().err.splitlines()
    return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]


def result(name: str) -> Any:
    """Return what a test stored of itself."""
    return read_json(Path(".model_tests", name, "result.json"))


def model_of(name: str) -> Path:
    """Return the folder of the model that a test trained."""
    return Path(".model_tests", name) / MODEL


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
