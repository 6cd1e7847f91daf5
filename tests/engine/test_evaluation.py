import json
from pathlib import Path

import keras
import numpy as np
import pytest

from modelyard.config import Options
from modelyard.config.measured import SCORED
from modelyard.documents import flat
from modelyard.files import read_csv, read_json, write_json
from modelyard.model_tests.perturbing import scores
from modelyard.saved.content import weights_id
from modelyard.saved.lite import LiteModel
from src.run import main

from .announced import check_announced
from .tiny import CLASSES, METRICS, MODEL, PROCESSED


@pytest.mark.usefixtures("trained")
def test_metrics_are_those_of_the_predictions() -> None:
    check_announced()
    suspects = read_json(METRICS / "label_errors.json")
    assert suspects["found"].keys() == {"train", "test"}
    assert len(suspects["examples"]) == sum(suspects["found"].values())
    metrics = read_json(METRICS / "metrics.json")
    assert metrics["test"]["exact_match"] == metrics["test"]["accuracy"]
    predictions = read_csv(METRICS / "predictions.csv")
    assert set(metrics) == {
        "train",
        "validation",
        "test",
        "tflite",
        "latency_ms",
        "size_bytes",
        "weights",
    }
    assert metrics["weights"] == weights_id(MODEL / "model.keras")
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
    metrics = read_json(METRICS / "metrics.json")["test"]
    assert metrics["loss"] == pytest.approx(expected, abs=1e-5)
    amounts = {"brightness": 1e-9, "noise": 1.0}
    found = scores(PROCESSED, model.predict_on_batch, amounts)
    assert found["brightness"].keys() == {*SCORED["class"], "per_class"}
    unchanged, before = dict(flat(found["brightness"])), dict(flat(metrics))
    both = unchanged.keys() & before.keys()
    assert both == {"accuracy", "auc", "balanced_accuracy", "exact_match", "macro_f1"}
    assert found["brightness"]["per_class"] == metrics["per_class"]
    assert {name: unchanged[name] for name in both} == pytest.approx({n: before[n] for n in both})
    assert found["noise"]["accuracy"] < metrics["accuracy"]


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
