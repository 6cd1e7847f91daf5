import json
from pathlib import Path

import keras
import numpy as np
import pytest

from modelyard.config import Options
from modelyard.files import read_csv, read_json, write_json
from modelyard.saved.lite import LiteModel
from src.run import main

from .tiny import CLASSES, METRICS, MODEL, PROCESSED


@pytest.mark.usefixtures("trained")
def test_metrics_are_those_of_the_predictions() -> None:
    metrics = read_json(METRICS / "metrics.json")
    predictions = read_csv(METRICS / "predictions.csv")
    assert set(metrics) == {
        "train",
        "validation",
        "test",
        "tflite",
        "latency_ms",
        "size_bytes",
    }
    assert [row["path"] for row in predictions] == [
        row["path"] for row in read_csv(PROCESSED / "test.csv")
    ]
    right = [row["actual"] == row["predicted"] for row in predictions]
    assert metrics["test"]["accuracy"] == pytest.approx(sum(right) / len(right))
    for label in CLASSES:
        found = [row for row in predictions if row["predicted"] == label]
        actual = [row for row in predictions if row["actual"] == label]
        both = [row for row in found if row["actual"] == label]
        scores = metrics["test"]["per_class"][label]
        assert scores["precision"] == pytest.approx(len(both) / max(1, len(found)))
        assert scores["recall"] == pytest.approx(len(both) / len(actual))


@pytest.mark.usefixtures("trained")
def test_test_loss_is_the_cross_entropy_of_the_saved_model() -> None:
    model = keras.models.load_model(MODEL / "model.keras")
    images = np.load(PROCESSED / "test_images.npy")
    labels = np.load(PROCESSED / "test_labels.npy")
    probabilities = model.predict(images, verbose=0)
    expected = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    assert read_json(METRICS / "metrics.json")["test"]["loss"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("trained")
def test_keras_and_tflite_agree_on_every_test_image() -> None:
    images = np.load(PROCESSED / "test_images.npy")
    expected = keras.models.load_model(MODEL / "model.keras").predict(images, verbose=0)
    lite = LiteModel(MODEL / "model.tflite")
    assert np.abs(lite(images) - expected).max() < 1e-5
    assert np.abs(lite(images[:1]) - expected[:1]).max() < 1e-5
    assert read_json(METRICS / "metrics.json")["tflite"]["max_difference"] < 1e-5


def test_how_far_train_and_test_lie_apart_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    train, test = {"box": {"map": 0.75}, "own": 1.0}, {"box": {"map": 0.5}, "per_class": {"a": {}}}
    Options("evaluate").report({"train": train, "test": test, "size_bytes": {"keras": 1}})
    assert capsys.readouterr().out.splitlines() == [
        "train: box.map 0.7500, own 1.0000", "test: box.map 0.5000",
        "train minus test: box.map 0.2500",
    ]  # fmt: skip
    Options("evaluate").report({"test": test})  # an adapter judges the test split only
    assert capsys.readouterr().out == "test: box.map 0.5000\n"


@pytest.mark.usefixtures("workspace")
def test_evaluation_without_a_model_says_to_train(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate"]) == 1
    assert "model.keras does not exist" in capsys.readouterr().err


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("metric", "direction", "best"),
    [("test.accuracy", "max", "tiny"), ("test.loss", "max", "worse"), ("test.loss", "min", "tiny")],
)
def test_the_summary_ranks_by_the_configured_metric(
    metric: str, direction: str, best: str, capsys: pytest.CaptureFixture[str]
) -> None:
    worse = read_json(METRICS / "metrics.json")
    worse["test"] |= {"accuracy": 0.5, "loss": 9.0}
    write_json(Path("training_metrics/worse/metrics.json"), worse)
    assert main(["summary", f"summary.metric={metric}", f"summary.direction={direction}"]) == 0
    summary = json.loads(Path("training_metrics.json").read_text())
    assert next(iter(summary)) == best
    assert summary[best]["rank"] == 1
    assert summary["worse"]["test_accuracy"] == 0.5
    assert "0.5000" in capsys.readouterr().out


@pytest.mark.usefixtures("trained")
def test_a_metric_no_model_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("training_metrics.json").unlink()
    assert main(["summary", "summary.metric=test.f1"]) == 1
    assert "summary.metric is 'test.f1'" in capsys.readouterr().err
    assert not Path("training_metrics.json").exists()
