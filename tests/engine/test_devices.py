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
from modelyard.errors import UserError
from modelyard.recipe import devices

from .conftest import ROOT
from .tiny import MODEL
from .training import trainer

SCRIPT = """
import json, sys
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

import src.run
from modelyard.training.backup import TrainingBackup
from engine.training import trainer

whole, killed = TrainingBackup.on_epoch_end, int(sys.argv[2])

def on_epoch_end(self, number, logs=None):
    whole(self, number, logs)
    if number == killed:
        raise SystemExit(9)

TrainingBackup.on_epoch_end = on_epoch_end
for settings in json.loads(sys.argv[1]):
    subject, data = trainer(**settings)
    subject.train(data)
    subject.save(data)
    predictions = np.load("models/tiny/test_predictions.npy").tolist()
    strategy = type(subject.model.distribute_strategy).__name__
    print(json.dumps([subject.backup.history, strategy, predictions]))
"""
SETTINGS = {"epochs": 3, "early_stopping.patience": 9, "batch_size": 12}
ALONE: dict[str, Any] = {"devices": 1}
SECOND: dict[str, Any] = {"devices": [1]}
TOGETHER: dict[str, Any] = {}


def run(*settings: dict[str, Any], killed: int = -1) -> "subprocess.CompletedProcess[str]":
    """Train once or more, one after the other, in a process with two logical devices."""
    path = os.pathsep.join([str(ROOT), str(Path(__file__).parents[1])])
    trainings = json.dumps([SETTINGS | one for one in settings])
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, trainings, str(killed)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path + os.pathsep + os.environ.get("PYTHONPATH", "")},
    )


def results(done: "subprocess.CompletedProcess[str]") -> list[Any]:
    """Return the curves, the strategy and the predictions of each training."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[[")]


@pytest.mark.usefixtures("workspace")
def test_two_devices_train_as_one_does_and_resume_and_one_may_be_named() -> None:
    without_dropout = MODEL / "hyperparameters.yaml"
    without_dropout.write_text(
        without_dropout.read_text().replace("dropout_rate: 0.2", "dropout_rate: 0.0")
    )
    alone, second, together = results(run(ALONE, SECOND, TOGETHER))
    strategies = [alone[1], second[1], together[1]]
    assert "Mirrored" not in strategies[0]
    assert strategies[1:] == ["OneDeviceStrategy", "MirroredStrategy"]
    assert second[0] == alone[0]
    assert np.array(together[2]) == pytest.approx(np.array(alone[2]), abs=1e-5)
    for one, two in zip(alone[0], together[0], strict=True):
        assert two == pytest.approx(one, rel=1e-5, abs=1e-6)
    assert run(TOGETHER, killed=1).returncode == 9
    [resumed] = results(run(TOGETHER))
    assert resumed[0] == together[0]
    recorded = (MODEL / "train_configuration.yaml").read_text()
    assert "- CPU:0\n" in recorded
    assert "- CPU:1\n" in recorded
    assert "busy: 0." in recorded or "busy: 1.0" in recorded


@pytest.mark.usefixtures("workspace")
def test_devices_must_share_a_batch_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_all", lambda: ["CPU:0", "CPU:1"])
    uneven = r"params\.batch_size is 9, which 2 devices cannot share evenly; write a"
    with pytest.raises(UserError, match=uneven):
        trainer(batch_size=9)


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
