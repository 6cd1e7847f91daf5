"""Metrics of classifiers: the values of scikit-learn, without one-hot labels."""

from pathlib import Path

import keras
import numpy as np
import pytest
import sklearn.metrics

from modelyard.tasks import instance_segmentation, object_detection, single_label
from modelyard.tasks.class_metrics import CLASS_METRICS, metric

CLASSES, EXAMPLES = 5, 400
SCIKIT = {
    "precision": lambda labels, found: sklearn.metrics.precision_score(
        labels, found, labels=np.unique(labels), average="macro", zero_division=0
    ),
    "recall": lambda labels, found: sklearn.metrics.recall_score(
        labels, found, labels=np.unique(labels), average="macro", zero_division=0
    ),
    "macro_f1": lambda labels, found: sklearn.metrics.f1_score(
        labels, found, labels=np.unique(labels), average="macro", zero_division=0
    ),
    "balanced_accuracy": sklearn.metrics.balanced_accuracy_score,
    "exact_match": sklearn.metrics.accuracy_score,
}


def examples(rare: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and probabilities that are often right; of one class there may be none."""
    random = np.random.default_rng(3)
    labels = random.choice([n for n in range(CLASSES) if n != rare], EXAMPLES)
    logits = random.normal(size=(EXAMPLES, CLASSES)) + 1.5 * np.eye(CLASSES)[labels]
    logits[:, rare or 0] -= 2
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, chances.astype(np.float32)


def measured(name: str, labels: np.ndarray, chances: np.ndarray) -> float:
    """Return a metric of examples that come in batches of 64."""
    one = metric(name, CLASSES)
    for start in range(0, len(labels), 64):
        one.update_state(labels[start : start + 64], chances[start : start + 64])
    return float(one.result())


@pytest.mark.parametrize("rare", [None, 2])
@pytest.mark.parametrize("name", SCIKIT)
def test_values_are_those_of_scikit_learn(name: str, rare: int | None) -> None:
    labels, chances = examples(rare)
    expected = SCIKIT[name](labels, chances.argmax(axis=1))
    assert 0.3 < expected < 0.95
    assert measured(name, labels, chances) == pytest.approx(expected, abs=1e-6)


def test_the_area_is_that_of_scikit_learn_and_exactly_that_of_keras() -> None:
    labels, chances = examples()
    found = measured("auc", labels, chances)
    exact = sklearn.metrics.roc_auc_score(labels, chances, multi_class="ovr", average="macro")
    assert found == pytest.approx(exact, abs=2e-3)
    keras_own = keras.metrics.AUC(multi_label=True, num_labels=CLASSES)
    keras_own.update_state(np.eye(CLASSES)[labels], chances)
    assert found == pytest.approx(float(keras_own.result()), abs=1e-6)


def test_the_area_leaves_out_a_class_that_no_example_has() -> None:
    labels, chances = examples(rare=2)
    there = [n for n in range(CLASSES) if n != 2]
    areas = [sklearn.metrics.roc_auc_score(labels == n, chances[:, n]) for n in there]
    assert measured("auc", labels, chances) == pytest.approx(np.mean(areas), abs=2e-3)


def test_probabilities_at_both_ends_are_counted() -> None:
    one = metric("auc", 2)
    one.update_state(np.array([0, 1, 1]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    assert float(one.result()) == pytest.approx(0.75)


@pytest.mark.parametrize("name", CLASS_METRICS)
def test_nothing_counted_is_zero_and_a_reset_forgets(name: str) -> None:
    one = metric(name, CLASSES)
    assert float(one.result()) == 0
    labels, chances = examples()
    one.update_state(labels, chances)
    before = float(one.result())
    one.reset_state()
    one.update_state(np.array([0, 1]), np.eye(CLASSES)[[1, 0]])
    assert float(one.result()) < before


@pytest.mark.parametrize("name", CLASS_METRICS)
def test_labels_may_be_columns_or_one_hot(name: str) -> None:
    labels, chances = examples()
    expected = measured(name, labels, chances)
    assert measured(name, labels[:, None], chances) == expected
    assert measured(name, np.eye(CLASSES)[labels], chances) == expected


def test_a_model_reports_them_as_they_were_written_and_without_class_weights() -> None:
    labels, chances = examples()
    names = ["f1", "f1_score", "macro_f1", "auc"]
    results = []
    for weights in (None, {n: 1.0 + 5 * n for n in range(CLASSES)}):
        same = keras.layers.Dense(CLASSES, use_bias=False, kernel_initializer="identity")
        model = keras.Sequential([keras.Input((CLASSES,)), same])
        compiled = [metric(name, CLASSES) for name in names]
        sgd = keras.optimizers.SGD(0.0)
        model.compile(sgd, "sparse_categorical_crossentropy", metrics=compiled)
        history = model.fit(chances, labels, class_weight=weights, verbose=0).history
        assert set(names) < set(history)
        results.append([history[name][0] for name in names])
    assert results[0] == results[1]
    assert results[0][0] == results[0][2]
    assert results[0][2] == pytest.approx(measured("macro_f1", labels, chances))


def test_weights_count_where_they_are_asked_for() -> None:
    labels, chances = examples()
    weights = np.random.default_rng(5).integers(1, 4, EXAMPLES)
    for name in CLASS_METRICS:
        weighted, repeated = metric(name, CLASSES), metric(name, CLASSES)
        weighted.update_state(labels, chances, sample_weight=weights)
        repeated.update_state(np.repeat(labels, weights), np.repeat(chances, weights, axis=0))
        assert float(weighted.result()) == pytest.approx(float(repeated.result()), abs=1e-6)


def test_a_compiled_model_can_be_saved_and_loaded(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((CLASSES,)), keras.layers.Activation("linear")])
    metrics = [metric(name, CLASSES) for name in CLASS_METRICS]
    model.compile(loss="sparse_categorical_crossentropy", metrics=metrics)
    labels, chances = examples()
    expected = model.evaluate(chances, labels, return_dict=True, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(chances, labels, return_dict=True, verbose=0) == expected


def test_only_classification_has_metrics_of_its_own() -> None:
    assert single_label.METRICS is CLASS_METRICS
    assert not object_detection.METRICS
    assert not instance_segmentation.METRICS
