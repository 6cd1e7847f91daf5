import gc
import json
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import sklearn
import tensorflow as tf

from modelyard.config.architecture import architectures
from modelyard.config.hyperparameters import chosen_hyperparameters
from modelyard.config.image_section import ImageReading
from modelyard.config.loading import load_config
from modelyard.data.manifest import read_manifest
from modelyard.errors import UserError
from modelyard.files import read_csv, read_yaml, write_yaml
from modelyard.pipeline.provenance import git_commit
from src.models import build_model
from src.run import main
from src.trainer import ModelTrainer

from .tiny import CLASSES, METRICS, MODEL, PROCESSED, snapshot
from .training import trainer

OF_OTHER_KINDS = ("attention", "embedding", "linear", "mlp", "recurrent")  # tested beside these


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "architecture",
    [name for name in architectures() if "centers" not in name and name not in OF_OTHER_KINDS],
)
def test_every_architecture_turns_pixels_into_probabilities(architecture: str) -> None:
    config: Any = load_config(overrides={"architecture": architecture})
    values = chosen_hyperparameters(config)
    values.update(backbone="MobileNetV3Small", weights="random", side=32)
    model = build_model(config, values, (8, 8, 1), 3)
    probabilities = model.predict(np.full((2, 8, 8, 1), 255, np.float32), verbose=0)
    assert not model.compiled
    assert probabilities.shape == (2, 3)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.usefixtures("workspace")
def test_an_architecture_names_the_hyperparameter_it_misses() -> None:
    config: Any = load_config()
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
    assert read_yaml(MODEL / "predict_configuration.yaml") == {
        "model": "tiny",
        "module": "src.models.dense",
        "trained_in": {"project": "project"},
        "task": "image_classification",
        "input": {"kind": "image", **ImageReading(image_size=[8, 8], channels=1).described()},
        "output": {"activation": "probabilities", "classes": list(CLASSES)},
    }
    assert not Path(".checkpoints/train/tiny").exists()


@pytest.mark.usefixtures("trained")
def test_what_training_predicted_is_kept_with_the_metrics_of_the_epoch_that_is_kept() -> None:
    saved = keras.models.load_model(MODEL / "model.keras")
    images = np.load(PROCESSED / "test_images.npy")
    kept = np.load(MODEL / "test_predictions.npy")
    assert kept.shape == (len(images), len(CLASSES))
    assert kept.dtype == np.float32
    assert kept == pytest.approx(saved.predict(images, verbose=0), abs=1e-6)
    best = min(read_csv(METRICS / "history.csv"), key=lambda row: float(row["val_loss"]))
    metrics = json.loads((MODEL / "val_metrics.json").read_text())
    assert metrics == {name: pytest.approx(float(best[name])) for name in metrics}
    assert set(metrics) == {"val_accuracy", "val_loss"}


@pytest.mark.usefixtures("workspace")
def test_the_record_of_a_training_says_what_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.training.backup.utc_now", lambda: "2026-01-02T03:04:05+00:00")
    subject, data = trainer(epochs=1)
    monkeypatch.setattr("modelyard.pipeline.provenance.git_commit", lambda: "c0ffee")
    subject.train(data)
    subject.save(data)
    record = read_yaml(MODEL / "train_configuration.yaml")
    assert record.pop("config") == load_config(overrides={"params.epochs": 1}).record()
    devices = record.pop("devices")
    assert devices["names"] == ["CPU:0"]
    assert 0 < devices["busy"] <= 1
    assert record == {
        "model": "tiny",
        "git_commit": "c0ffee",
        "data_hash": read_manifest(PROCESSED).data_hash,
        "training_start_time": "2026-01-02T03:04:05+00:00",
        "versions": {
            "python": platform.python_version(),
            "keras": keras.__version__,
            "modelyard": version("modelyard"),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "tensorflow": tf.__version__,
        },
        "hyperparameters": dict(read_yaml(MODEL / "hyperparameters.yaml")),
    }


def test_the_commit_is_that_of_the_working_tree_and_none_outside_git(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(workspace.parent))
    assert git_commit() is None
    author = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], [*author, "commit", "-q", "--allow-empty", "-m", "First"]):
        subprocess.run(["git", *command], check=True)
    shown = subprocess.run(
        ["git", "log", "--format=%H"], capture_output=True, text=True, check=True
    )
    assert git_commit() == shown.stdout.strip()


@pytest.mark.usefixtures("workspace")
def test_the_saved_model_is_the_best_epoch_not_the_last() -> None:
    subject, data = trainer(**{"epochs": 4, "early_stopping.direction": "max"})
    subject.train(data)
    subject.save(data)
    losses = [float(row["val_loss"]) for row in read_csv(METRICS / "history.csv")]
    assert max(losses) > losses[-1]
    loaded = keras.models.load_model(MODEL / "model.keras")
    scores = loaded.evaluate(data.validation, return_dict=True, verbose=0)
    assert scores["loss"] == pytest.approx(max(losses), abs=1e-6)
    assert subject.get_metrics()["val_loss"] == max(losses)
    assert subject.evaluate(data.validation)["loss"] == pytest.approx(max(losses), abs=1e-6)


@pytest.mark.usefixtures("trained")
def test_the_reloaded_model_predicts_what_the_saved_one_did() -> None:
    subject, data = trainer(epochs=1)
    subject.train(data)
    subject.save(data)
    expected = subject.model.predict(data.test, verbose=0)
    loaded = keras.models.load_model(MODEL / "model.keras")
    assert (loaded.predict(data.test, verbose=0) == expected).all()


@pytest.mark.usefixtures("workspace")
def test_loss_optimizer_and_learning_rate_are_the_configured_ones() -> None:
    subject, _ = trainer(optimizer="sgd", loss="poisson")
    assert isinstance(subject.model.optimizer, keras.optimizers.SGD)
    assert float(subject.model.optimizer.learning_rate) == pytest.approx(0.01)
    assert subject.model.loss == "poisson"


@pytest.mark.usefixtures("workspace")
def test_every_epoch_trains_in_the_order_of_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, data = trainer(epochs=3)
    epochs: list[int] = []
    monkeypatch.setattr(data, "set_epoch", epochs.append)
    subject.train(data)
    assert epochs == [0, 1, 2]


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


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("rate", ["nan", "1e38"])
def test_a_loss_that_is_no_finite_number_ends_training_and_says_what_to_do(rate: str) -> None:
    subject, data = trainer(epochs=2)
    subject.model.optimizer.learning_rate = float(rate)
    with pytest.raises(UserError, match=r"Epoch 1 .*loss.* not a number.*learning rate"):
        subject.train(data)
    assert not (METRICS / "history.csv").exists()


@pytest.mark.usefixtures("workspace")
def test_hyperparameters_of_another_configuration_are_refused() -> None:
    write_yaml(MODEL / "hyperparameters.yaml", {"learning_rate": 0.1, "filters": 4})
    with pytest.raises(
        UserError, match="yaml lacks dropout_rate, hidden_units; `dvc repro` makes it"
    ):
        trainer()


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("params.optimizer=adan", "params.optimizer is 'adan'.*did you mean 'adam'.*sgd"),
        ("params.loss=mse_loss", "params.loss is 'mse_loss'.*one of .*sparse_categorical"),
        (
            "params.metrics=[acuracy]",
            r"params.metrics\[0\] is 'acuracy'.*did you mean 'accuracy'",
        ),
        (
            "params.early_stopping.metric=val_f2",
            "early_stopping.metric is 'val_f2'.*reported: accuracy, loss, val_accuracy, val_loss",
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
    before = snapshot(workspace)
    assert main(["train", override]) == 1
    assert re.search(f"error: .*{sentence}", capsys.readouterr().err)
    assert snapshot(workspace) == before


@pytest.mark.usefixtures("workspace")
def test_a_model_leaves_no_graph_of_its_training_behind() -> None:
    counts = []
    for _ in range(3):
        subject, data = trainer(epochs=1)
        subject.train(data)
        subject.backup.clear()  # or the next one would have nothing left to train
        counts.append(sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects()))
    assert counts[2] == counts[1] > 0
