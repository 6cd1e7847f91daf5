"""One real training as a model test: this checkout's code, in a folder of its own."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from modelyard.files import read_json
from modelyard.model_tests.code import code_of

from . import model_testing
from .conftest import ROOT
from .model_testing import failed, model_of, result, run, write_tests
from .tiny import snapshot


def test_a_training_passes_and_what_it_saved_predicts_the_same_until_it_is_changed(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model_testing, "code_of", code_of)
    shutil.copytree(ROOT / "src", "src", ignore=shutil.ignore_patterns("__pycache__"))
    names = {"keras_model": "models/tiny/net.keras", "tflite_model": "models/tiny/small.tflite"}
    config = {"params.epochs": 2, "output_paths.model": names}
    metrics = {"size_bytes.keras": {"min": 1000}, "shift.exact_match": {"min": 0, "max": 1}}
    limits = {"metrics": metrics, "config": config, "perturbations": {"shift": 1}}
    write_tests(Tiny={"time_limit": 300, **limits})
    before = snapshot(workspace)
    assert run() == 0
    after = snapshot(workspace)
    new = {name for name in after if ".model_tests" in name or "__pycache__" in name}
    assert {name: after[name] for name in after if name not in new} == before
    trained_by = read_json(Path(".model_tests/Tiny@local/code.json"))["folder"]
    assert Path(trained_by) == workspace / "src"
    assert [check["metric"] for check in result("Tiny@local")["metrics"]] == [*metrics]
    assert set(result("Tiny@local")["inference"]) == {"net.keras", "small.tflite"}
    _perturb(model_of("Tiny@local") / "net.keras")
    [line] = failed(capsys, "--no-train")
    assert line.startswith("Tiny@local: inference with net.keras: ")
    assert "predictions differ from those at training time by more than 1e-05" in line


def _perturb(file: Path) -> None:
    """Change a saved model's last weights a little."""
    model = keras.models.load_model(file)
    *weights, last = model.get_weights()
    model.set_weights([*weights, last + np.linspace(0, 0.01, last.size).reshape(last.shape)])
    model.save(file)
