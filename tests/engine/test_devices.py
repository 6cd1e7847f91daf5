"""Several devices of one machine train a model together, as one does alone."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modelyard.config.loading import load_config
from modelyard.recipe import devices

from .conftest import ROOT
from .tiny import MODEL

SCRIPT = """
import json, sys
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

import src.run
from modelyard.errors import UserError
from modelyard.training.backup import TrainingBackup
from engine.training import trainer

settings, killed = json.loads(sys.argv[1]), int(sys.argv[2])
whole = TrainingBackup.on_epoch_end

def on_epoch_end(self, number, logs=None):
    whole(self, number, logs)
    if number == killed:
        raise SystemExit(9)

TrainingBackup.on_epoch_end = on_epoch_end
try:
    subject, data = trainer(**settings)
except UserError as error:
    sys.exit(str(error))
subject.train(data)
subject.save(data)
print(json.dumps([subject.backup.history, type(subject.model.distribute_strategy).__name__]))
"""
SETTINGS = {"epochs": 3, "early_stopping.patience": 9, "batch_size": 12}


def run(killed: int = -1, **settings: Any) -> "subprocess.CompletedProcess[str]":
    """Train in a process with two logical devices."""
    path = os.pathsep.join([str(ROOT), str(Path(__file__).parents[1])])
    without_dropout = Path("models/tiny/hyperparameters.yaml")
    without_dropout.write_text(
        without_dropout.read_text().replace("dropout_rate: 0.2", "dropout_rate: 0.0")
    )
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(SETTINGS | settings), str(killed)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path + os.pathsep + os.environ.get("PYTHONPATH", "")},
    )


def history(done: "subprocess.CompletedProcess[str]") -> tuple[list[dict[str, float]], str]:
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return found[0], found[1]


@pytest.mark.usefixtures("workspace")
def test_two_devices_train_as_one_does_and_resume() -> None:
    alone, strategy = history(run(devices=1))
    assert "Mirrored" not in strategy
    kept = np.load(MODEL / "test_predictions.npy")
    together, strategy = history(run())
    assert np.load(MODEL / "test_predictions.npy") == pytest.approx(kept, abs=1e-5)
    assert strategy == "MirroredStrategy"
    for one, two in zip(alone, together, strict=True):
        assert two == pytest.approx(one, rel=1e-5, abs=1e-6)
    assert run(killed=1).returncode == 9
    resumed, _ = history(run())
    assert resumed == together
    recorded = (MODEL / "train_configuration.yaml").read_text()
    assert "- CPU:0\n" in recorded
    assert "- CPU:1\n" in recorded
    assert "busy: 0." in recorded or "busy: 1.0" in recorded


@pytest.mark.usefixtures("workspace")
def test_one_of_several_may_be_named() -> None:
    chosen, strategy = history(run(devices=[1]))
    assert strategy == "OneDeviceStrategy"
    alone, _ = history(run(devices=1))
    assert chosen == alone


@pytest.mark.usefixtures("workspace")
def test_devices_must_share_a_batch_evenly() -> None:
    done = run(batch_size=9)
    assert done.returncode == 1
    assert "params.batch_size is 9, which 2 devices cannot share evenly; write a" in done.stderr


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("examples", "sizes"), [(36, [12, 12, 12]), (37, [12, 12, 12]), (41, [12, 12, 12, 4])]
)
def test_an_uneven_last_batch_is_shared_evenly_too(
    examples: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "chosen", lambda _: ["CPU:0", "CPU:1"])
    config = load_config(overrides={"params.batch_size": 12})
    pairs = tf.data.Dataset.range(examples).map(lambda n: (n, n)).batch(12)
    shared = devices.shared_evenly(pairs, config, examples)
    assert int(shared.cardinality()) == len(sizes)
    found = [(np.asarray(one), np.asarray(other)) for one, other in shared]
    assert [len(one) for one, _ in found] == sizes
    assert all((one == other).all() for one, other in found)
