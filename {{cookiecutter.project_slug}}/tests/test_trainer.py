import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from src.data.data_provider import DataProvider
from src.models import build_model
from src.run import main
from src.trainer import ModelTrainer
from src.utils.config import architectures, load_config
from src.utils.hyperparameters import chosen_hyperparameters
from src.utils.utils import UserError, read_csv, read_yaml

from .conftest import ROOT
from .tiny import CLASSES, METRICS, MODEL, snapshot


def trainer(**overrides: object) -> tuple[ModelTrainer, DataProvider]:
    config = load_config(overrides={f"params.{key}": value for key, value in overrides.items()})
    data = DataProvider(config)
    data.get_data()
    return ModelTrainer(config, chosen_hyperparameters(config)), data


def saved_weights() -> bytes:
    with zipfile.ZipFile(MODEL / "model.keras") as file:
        return file.read("model.weights.h5")


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("architecture", architectures())
def test_every_architecture_turns_pixels_into_probabilities(architecture: str) -> None:
    config = load_config(overrides={"architecture": architecture})
    model = build_model(config, chosen_hyperparameters(config), (8, 8, 1), 3)
    probabilities = model.predict(np.full((2, 8, 8, 1), 255, np.float32), verbose=0)
    assert not model.compiled
    assert probabilities.shape == (2, 3)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.usefixtures("workspace")
def test_an_architecture_names_the_hyperparameter_it_misses() -> None:
    config = load_config()
    values = chosen_hyperparameters(config)
    del values["hidden_units"]
    with pytest.raises(UserError, match=r"'hidden_units'.*tuning\.hyperparams\.hidden_units"):
        ModelTrainer(config, values)


@pytest.mark.usefixtures("trained")
def test_training_learns_and_leaves_all_that_publishing_needs() -> None:
    history = read_csv(METRICS / "history.csv")
    assert [row["epoch"] for row in history] == [str(n) for n in range(1, len(history) + 1)]
    assert max(float(row["val_accuracy"]) for row in history) == 1
    assert json.loads((MODEL / "output_mapping.json").read_text()) == {
        "0": "columns",
        "1": "empty",
        "2": "rows",
    }
    assert read_yaml(MODEL / "hparams.yaml") == read_yaml(MODEL / "hyperparameters.yaml")
    assert read_yaml(MODEL / "predict_configuration.yaml")["output"]["classes"] == list(CLASSES)
    record = read_yaml(MODEL / "train_configuration.yaml")
    assert set(record) == {
        "model",
        "git_commit",
        "data_hash",
        "training_start_time",
        "versions",
        "hyperparameters",
        "config",
    }
    assert record["config"]["params"]["batch_size"] == 8
    assert not Path(".checkpoints/tiny").exists()


@pytest.mark.usefixtures("workspace")
def test_the_saved_model_is_the_best_epoch_not_the_last() -> None:
    subject, data = trainer(epochs=6)
    subject.train(data)
    subject.save()
    history = read_csv(METRICS / "history.csv")
    best = min(history, key=lambda row: float(row["val_loss"]))
    loaded = keras.models.load_model(MODEL / "model.keras")
    scores = loaded.evaluate(data.validation, return_dict=True, verbose=0)
    assert scores["loss"] == pytest.approx(float(best["val_loss"]), abs=1e-6)
    assert subject.get_metrics()["val_loss"] == float(best["val_loss"])
    assert subject.evaluate(data.validation)["loss"] == pytest.approx(scores["loss"], abs=1e-6)


@pytest.mark.usefixtures("workspace")
def test_training_stops_when_it_no_longer_improves() -> None:
    subject, data = trainer(
        epochs=30,
        early_stopping={
            "metric": "val_loss",
            "direction": "min",
            "patience": 2,
            "min_delta": 100.0,
        },
    )
    subject.train(data)
    assert len(subject.backup.history) == 3
    assert subject.backup.best_epoch == 0


@pytest.mark.usefixtures("workspace")
def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    weights = []
    for seed in (1, 1, 2):
        subject, data = trainer(seed=seed, epochs=2)
        subject.train(data)
        weights.append(np.concatenate([w.ravel() for w in subject.model.get_weights()]))
        subject.backup.clear()
    assert (weights[0] == weights[1]).all()
    assert (weights[0] != weights[2]).any()


def test_a_killed_training_continues_and_ends_like_an_uninterrupted_one(
    trained: Path,
) -> None:
    whole, history = saved_weights(), (METRICS / "history.csv").read_bytes()
    (MODEL / "model.keras").unlink()
    (METRICS / "history.csv").unlink()
    log = trained / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "src.run", "train"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )
        while "Epoch 5/" not in log.read_text() and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not (MODEL / "model.keras").exists()
    state = next(Path(".checkpoints/tiny").glob("*/state.json"))
    assert len(json.loads(state.read_text())["history"]) >= 4
    assert main(["train"]) == 0
    assert saved_weights() == whole
    assert (METRICS / "history.csv").read_bytes() == history
    assert not Path(".checkpoints/tiny").exists()


@pytest.mark.usefixtures("workspace")
def test_a_backup_serves_no_other_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    subject, data = trainer(epochs=2)
    subject.train(data)  # not saved: as if killed before
    again, _ = trainer(epochs=2)
    other, _ = trainer(epochs=2, batch_size=4)
    assert len(again.backup.history) == 2
    assert other.backup.history == []
    again.train(data)  # nothing is left to train
    assert capsys.readouterr().out.count("Training tiny") == 1


@pytest.mark.usefixtures("workspace")
def test_a_later_training_of_a_model_ends_an_earlier_one() -> None:
    earlier, data = trainer(epochs=2)
    earlier.train(data)
    later, _ = trainer(epochs=3)
    later.backup.claim()
    for step in (earlier.save, lambda: earlier.backup.on_epoch_end(2, {"val_loss": 0.0})):
        with pytest.raises(UserError, match=r"A later training of tiny took over; this one ends\."):
            step()
    assert not (MODEL / "model.keras").exists()
    later.train(data)
    later.save()


@pytest.mark.usefixtures("workspace")
def test_a_loss_that_is_no_number_ends_training_and_says_what_to_do() -> None:
    subject, data = trainer(epochs=2)
    subject.model.optimizer.learning_rate = float("nan")
    with pytest.raises(UserError, match=r"Epoch 1 .*loss.* not a number.*learning rate"):
        subject.train(data)


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("params.optimizer=adan", "params.optimizer names 'adan'.*did you mean 'adam'.*sgd"),
        ("params.loss=mse_loss", "params.loss names 'mse_loss'.*known: .*sparse_categorical"),
        ("params.metrics=[acuracy]", "params.metrics names 'acuracy'.*did you mean 'accuracy'"),
        (
            "params.early_stopping.metric=val_f1",
            "early_stopping.metric is 'val_f1'.*reported: accuracy, loss, val_accuracy, val_loss",
        ),
        ("params.loss=categorical_crossentropy", "params.loss is 'categorical_crossentropy'"),
        ("params.batch_size=37", "params.batch_size is 37, but the train split has only 36"),
        ("input_paths.data=data/none", "data/none/manifest.json does not exist"),
    ],
    ids=lambda value: value.split("=")[0],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    override: str,
    sentence: str,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import re

    before = snapshot(workspace)
    assert main(["train", override]) == 1
    assert re.search(f"error: .*{sentence}", capsys.readouterr().err)
    assert snapshot(workspace) == before
