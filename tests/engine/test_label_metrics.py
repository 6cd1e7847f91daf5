"""Metrics of several labels: the values of scikit-learn."""

from pathlib import Path

import keras
import numpy as np
import pytest
import sklearn.metrics

from modelyard.tasks import Output, multi_label
from modelyard.tasks.answers import labels
from modelyard.tasks.label_metrics import LABEL_METRICS

LABELS, EXAMPLES = 4, 300
SCIKIT = {
    "precision": lambda labels, chances: sklearn.metrics.precision_score(
        labels, chances > 0.5, average="macro", zero_division=0
    ),
    "recall": lambda labels, chances: sklearn.metrics.recall_score(
        labels, chances > 0.5, average="macro"
    ),
    "macro_f1": lambda labels, chances: sklearn.metrics.f1_score(
        labels, chances > 0.5, average="macro"
    ),
    "subset_accuracy": lambda labels, chances: sklearn.metrics.accuracy_score(
        labels, chances > 0.5
    ),
    "auc": sklearn.metrics.roc_auc_score,
    "mean_average_precision": sklearn.metrics.average_precision_score,
}


def examples() -> tuple[np.ndarray, np.ndarray]:
    """Return labels, some examples without any, and probabilities that are often right."""
    random = np.random.default_rng(3)
    labels = (random.random((EXAMPLES, LABELS)) < [0.6, 0.3, 0.2, 0.1]).astype(np.float32)
    assert not labels.any(axis=1).all()
    chances = 1 / (1 + np.exp(-random.normal(2 * labels - 1)))
    buckets = (
        np.ceil(chances * 199) - 0.5
    ) / 199  # what lies between two thresholds is not told apart
    return labels, buckets.astype(np.float32)


def measured(name: str, labels: np.ndarray, chances: np.ndarray) -> float:
    """Return a metric of examples that come in batches of 64."""
    one = LABEL_METRICS[name](LABELS)
    for start in range(0, len(labels), 64):
        one.update_state(labels[start : start + 64], chances[start : start + 64])
    return float(one.result())


@pytest.mark.parametrize("name", SCIKIT)
def test_values_are_those_of_scikit_learn(name: str) -> None:
    labels, chances = examples()
    expected = SCIKIT[name](labels, chances)
    assert 0.3 < expected < 0.98
    assert measured(name, labels, chances) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", ["macro_f1", "auc", "mean_average_precision"])
def test_a_label_that_no_example_has_is_not_measured(name: str) -> None:
    labels, chances = examples()
    labels[:, 2] = 0
    there = [0, 1, 3]
    expected = SCIKIT[name](labels[:, there], chances[:, there])
    assert measured(name, labels, chances) == pytest.approx(expected, abs=1e-5)
    one = LABEL_METRICS[name](LABELS)
    one.update_state(labels, chances)
    assert one.is_defined
    one.reset_state()
    one.update_state(np.zeros_like(labels), chances)
    assert not one.is_defined


def test_weights_count_as_repeated_examples_do() -> None:
    labels, chances = examples()
    weights = np.random.default_rng(5).integers(1, 4, EXAMPLES)
    for name in LABEL_METRICS:
        weighted, repeated = LABEL_METRICS[name](LABELS), LABEL_METRICS[name](LABELS)
        weighted.update_state(labels, chances, sample_weight=weights)
        repeated.update_state(np.repeat(labels, weights, 0), np.repeat(chances, weights, 0))
        assert float(weighted.result()) == pytest.approx(float(repeated.result()), abs=1e-5)


def test_a_compiled_model_can_be_saved_and_loaded(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((LABELS,)), keras.layers.Activation("linear")])
    metrics = [make(LABELS) for make in LABEL_METRICS.values()]
    model.compile(loss="binary_crossentropy", metrics=metrics)
    labels, chances = examples()
    expected = model.evaluate(chances, labels, return_dict=True, verbose=0)
    assert expected["accuracy"] == expected["subset_accuracy"]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(chances, labels, return_dict=True, verbose=0) == expected


def test_what_a_network_may_not_say_is_said() -> None:
    said = multi_label.problem
    assert said(np.array([[0.0, 1.0], [1.0, 1.0]]), 2) is None
    assert "(1, 3), but the data has 2 labels; end with Dense" in str(said(np.zeros((1, 3)), 2))
    assert "not all within 0..1" in str(said(np.array([[0.5, 1.5]]), 2))
    assert "not finite" in str(said(np.array([[0.5, np.nan]]), 2))


def test_a_row_tells_the_labels_above_a_half_and_an_answer_all() -> None:
    about = {"classes": ["cat", "dog", "sun"]}
    output = Output(np.array([0.7, 0.2, 0.9]), about)
    assert labels.rows(output) == [{"labels": "sun;cat", "probabilities": "0.9;0.7"}]
    assert labels.answer(output) == [
        {"class": "sun", "probability": 0.9},
        {"class": "cat", "probability": 0.7},
        {"class": "dog", "probability": 0.2},
    ]
    nothing = Output(np.array([0.5, 0.2, 0.1]), about)
    assert labels.rows(nothing) == [{"labels": "", "probabilities": ""}]
