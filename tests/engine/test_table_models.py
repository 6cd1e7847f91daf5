"""Models of a table: their encoder, a class or a number as target, an adapter, predictions."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from modelyard.files import read_csv, read_json
from modelyard.report.command import main as report
from modelyard.saved.encoding import as_tensors, without_encoder
from modelyard.saved.foreign import foreign_objects
from modelyard.serving.predict import main as predict
from modelyard.tasks import number
from modelyard.tasks.number_metrics import NUMBER_METRICS
from modelyard.tasks.single_label import baseline
from modelyard.tasks.table_encoder import table_encoder
from modelyard.zoo import adapters
from src.run import main

from .tabled import FILE, people, write_project, write_table
from .tiny import METRICS, MODEL

REPORT = Path("reports/tiny/report.md")
REGRESSION: dict[str, Any] = {"loss": "mean_squared_error", "metrics": ["mae", "r2"]}
COLUMNS: list[dict[str, Any]] = [
    {"name": "age", "type": "number", "missing": True, "mean": 40.0, "variance": 100.0},
    {"name": "day", "type": "date", "missing": False, "mean": 2e9, "variance": 4.0},
    {"name": "a/b", "type": "category", "missing": True, "values": ["x", "y"], "other": False},
    {"name": "code", "type": "category", "missing": False, "values": ["1"], "other": True},
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(people(240))


def stages(*names: str) -> dict[str, Any]:
    assert [main([name]) for name in names] == [0] * len(names)
    return dict(read_json(METRICS / "metrics.json")) if "evaluate" in names else {}


def test_an_encoder_standardises_numbers_and_tells_categories_apart() -> None:
    encoder = table_encoder(COLUMNS)
    inputs = {
        "numbers": np.array([[50, 2e9 + 3], [np.nan, 2e9]]),
        "categories": np.array([[b"y", b"1"], [b"", b"unknown"]], object),
    }
    expected = [[1, 1.5, 0, 0, 1, 0, 0, 1], [0, 0, 1, 0, 0, 1, 1, 0]]
    assert np.asarray(encoder(as_tensors(inputs))).tolist() == expected
    encoder.save("encoder.keras")
    assert not [*foreign_objects(Path("encoder.keras"))]
    loaded = keras.models.load_model("encoder.keras")
    assert np.asarray(loaded(as_tensors(inputs))).tolist() == expected
    inputs["categories"][0, 0] = b"z"  # no training row had it, and none another unknown one
    assert np.asarray(encoder(as_tensors(inputs)))[0, 3:6].tolist() == [0, 0, 0]


@pytest.mark.parametrize("columns", [COLUMNS[:1], COLUMNS[2:]])
def test_an_encoder_of_numbers_or_categories_alone_has_one_input(
    columns: list[dict[str, Any]],
) -> None:
    assert len(table_encoder(columns).inputs) == 1


def test_metrics_of_a_number_are_those_of_all_batches() -> None:
    actual, said = np.array([1e5, 1e5 + 20, 1e5 + 50]), np.array([1e5 + 10, 1e5 + 20, 1e5 + 30])
    expected = number.errors_of(actual, said)
    assert expected == pytest.approx({"mae": 10, "rmse": np.sqrt(500 / 3), "r2": 1 - 1.5 / 3.8})
    for name, make in NUMBER_METRICS.items():
        metric = make(1)
        metric.update_state(actual[:2, None], said[:2, None])
        metric.update_state(actual[2:], said[2:])
        assert float(metric.result()) == pytest.approx(expected[name], rel=1e-5)
        metric.reset_state()
        metric.update_state(actual[:1], said[:1])
        assert metric.is_defined == (name != "r2")


def test_a_baseline_says_how_frequent_the_classes_are() -> None:
    found = baseline(np.array([0, 1, 0, 0]), np.array([0, 0, 0, 1]), 2)
    assert found["accuracy"] == 0.75
    assert found["log_loss"] == pytest.approx(-(3 * np.log(0.75) + np.log(0.25)) / 4)


def test_a_number_is_learned_whatever_its_unit_and_said_in_it() -> None:
    write_project("linear", REGRESSION | {"epochs": 8}, target="spent", columns={"buys": "ignore"})
    metrics = stages("prepare", "tune", "train", "evaluate")
    assert metrics["test"]["r2"] > 0.8
    assert metrics["test"]["loss"] == pytest.approx(1 - metrics["test"]["r2"], abs=0.15)
    assert metrics["test"]["baseline"]["r2"] == pytest.approx(0, abs=0.1)
    assert metrics["test"]["baseline"]["mae"] > 2 * metrics["test"]["mae"]
    assert metrics["tflite"]["max_difference"] < 1e-5
    assert report([]) == 0
    assert (
        "![Predicted and actual numbers](residuals.png)"
        in Path("reports/tiny/report.md").read_text()
    )
    said = read_csv(METRICS / "predictions.csv", ("path", "actual", "predicted", "error"))
    assert all(
        abs(float(r["actual"]) + float(r["error"]) - float(r["predicted"])) < 0.01 for r in said
    )

    adopted = people(20, seed=7)
    write_table(adopted, file=Path("new.csv"))
    assert predict([str(MODEL), "new.csv"]) == 0
    rows = read_csv(Path("predictions.csv"), ("path", "row", "target", "value"))
    assert {row["target"] for row in rows} == {"spent"}
    apart = [float(row["value"]) - float(one[-1]) for row, one in zip(rows, adopted, strict=True)]
    assert np.abs(apart).mean() == pytest.approx(metrics["test"]["mae"], rel=0.8)


def test_a_class_is_learned_and_the_saved_model_takes_rows_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_project("mlp", {"epochs": 6, "export": ["tflite", "onnx"]}, columns={"spent": "ignore"})
    metrics = stages("prepare", "tune", "train", "evaluate")
    test = metrics["test"]
    assert test["accuracy"] > test["baseline"]["accuracy"] + 0.2
    assert test["log_loss"] == pytest.approx(test["loss"], rel=1e-3)
    assert test["log_loss"] < test["baseline"]["log_loss"] < 0.7
    assert max(metrics[form]["max_difference"] for form in ("tflite", "onnx")) < 1e-5
    assert report([]) == 0
    text = REPORT.read_text()
    assert "![Confusion matrix]" in text
    assert "![Calibration]" in text

    model = keras.models.load_model(MODEL / "model.keras")  # by plain Keras
    assert not [*foreign_objects(MODEL / "model.keras")]
    assert without_encoder(model).input_shape[1:] == (8,)
    capsys.readouterr()
    assert predict([str(MODEL), str(FILE)]) == 0
    assert "the column spent is not used" in capsys.readouterr().err
    rows = read_csv(Path("predictions.csv"), ("path", "row", "class", "probability"))
    right = [row["class"] == one[4] for row, one in zip(rows, people(240), strict=True)]
    assert np.mean(right) > test["baseline"]["accuracy"] + 0.2


def test_a_loss_of_classes_is_refused_for_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    write_project("linear", {}, target="spent", columns={"buys": "ignore"})
    stages("prepare", "tune")
    assert main(["train"]) == 1
    said = capsys.readouterr().err
    assert "params.loss has sparse_categorical_crossentropy, which is of classes" in said
    assert "write mean_squared_error, or let data.target_type in config.yaml be class" in said


@pytest.mark.parametrize(
    ("target", "other", "metric", "column"),
    [("spent", "buys", "r2", "value"), ("buys", "spent", "accuracy", "class")],
)
def test_boosting_learns_classes_and_numbers(
    target: str, other: str, metric: str, column: str
) -> None:
    params = REGRESSION if target == "spent" else {}
    write_project("boosting", params, target=target, columns={other: "ignore"})
    (MODEL / "adapter.py").write_bytes(
        Path(adapters.__file__).with_name("boosting.py").read_bytes()
    )
    assert stages("prepare", "tune", "train", "evaluate")["test"][metric] > 0.8
    assert predict([str(MODEL), str(FILE)]) == 0
    assert len(read_csv(Path("predictions.csv"), ("path", "row", column))) == 240
