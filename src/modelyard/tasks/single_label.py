"""One class per example; the output is a probability for each class."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from modelyard.config import measured
from modelyard.config.data_section import Split
from modelyard.data.manifest import read_manifest
from modelyard.files import read_csv, write_csv

from . import Datasets, Form, Judged
from .class_metrics import CLASS_METRICS
from .keras_metrics import defined_metrics

ALWAYS, JUDGED = measured.ALWAYS["class"], measured.JUDGED["class"]
LOSSES: Mapping[str, Callable[[int], Any]] = {}
METRICS = CLASS_METRICS
ROUNDING = 0.02  # of 16 bits
LEAST = 1e-7  # a probability; one of 0 would be infinitely wrong


def join(labels: Any) -> Any:
    """Return the labels (batch,)."""
    return labels


def problem(outputs: np.ndarray, class_count: int) -> str | None:
    """Say what is wrong with a batch of outputs, or None."""
    remedy = 'end with Dense(class_count, activation="softmax")'
    if outputs.shape[1:] != (class_count,):
        return f"the outputs are {outputs.shape}, but the data has {class_count} classes; {remedy}"
    if not np.isfinite(outputs).all():
        return "the outputs of the new network are not finite; look at its layers and their values"
    apart = float(np.abs(outputs.sum(axis=1) - 1).max())
    if apart > ROUNDING or outputs.min() < 0:
        return (
            "the outputs are not probabilities, as they "
            f"{'do not sum to 1' if apart > ROUNDING else 'are partly negative'}; {remedy}"
        )
    return None


def judge(model: keras.Model, data: Datasets, split: Split, batches: int = -1) -> dict[str, Any]:
    """Return loss and metrics as compiled; the area of a curve of one class is absent."""
    return defined_metrics(model, getattr(data, split).take(batches))


def details(judged: Judged) -> dict[str, Any]:
    """Write predictions.csv, one row per test example; return what tells more than its metrics.

    That is the log loss, precision, recall and F1 by class, and accuracy and log loss of a baseline
    that always says how frequent the classes are in training.
    """
    config, classes = judged.config, judged.data.classes
    folder = config.input_paths.data
    labels = np.load(folder / "test_labels.npy")
    predicted, chances, lost = _said(judged, labels)
    examples = read_csv(folder / "test.csv", ("path", "class"), len(predicted))
    rows = _predictions(examples, classes, predicted, chances)
    write_csv(config.output_paths.training_metrics / "predictions.csv", rows)
    return {
        "log_loss": lost,
        "baseline": baseline(labels, np.load(folder / "train_labels.npy"), len(classes)),
        "per_class": _per_class(classes, labels, predicted),
    }


def baseline(labels: np.ndarray, trained: np.ndarray, class_count: int) -> dict[str, float]:
    """Return accuracy and log loss of saying for all labels how frequent the classes are."""
    shares = np.bincount(trained, minlength=class_count) / len(trained)
    lost = -np.log(np.maximum(shares[labels], LEAST)).mean()
    return {"accuracy": float((labels == shares.argmax()).mean()), "log_loss": float(lost)}


def _said(judged: Judged, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the likeliest label of each example, its probability, and the log loss of all."""
    predicted, chances, lost, start = [], [], 0.0, 0
    for batch in judged.outputs():
        actual = batch[np.arange(len(batch)), labels[start : start + len(batch)]]
        lost -= float(np.log(np.maximum(actual, LEAST)).sum())
        predicted.append(batch.argmax(axis=1))
        chances.append(batch.max(axis=1))
        start += len(batch)
    return np.concatenate(predicted), np.concatenate(chances), lost / max(start, 1)


def compare(judged: Judged, exported: Form) -> dict[str, float]:
    """Return the largest difference of two probabilities."""
    pairs = ((judged.predict(inputs), exported(inputs)) for inputs in judged.inputs())
    return {"max_difference": float(np.max([np.abs(two - one).max() for one, two in pairs]))}


def comparable(outputs: np.ndarray) -> np.ndarray:
    """Return the probabilities (examples, classes)."""
    return outputs


def scores(folder: Path, outputs: Iterable[np.ndarray]) -> dict[str, Any]:
    """Return SCORED and the metrics by class of probabilities on the test split."""
    classes, labels = read_manifest(folder).classes, np.load(folder / "test_labels.npy")
    chances = np.concatenate(list(outputs))
    found = score(METRICS, "class", labels, chances)
    by_class = _per_class(classes, labels, chances.argmax(axis=1))
    return found | {"accuracy": found["exact_match"], "per_class": by_class}


def score(
    offered: Mapping[str, Callable[[int], Any]], head: str, labels: np.ndarray, chances: np.ndarray
) -> dict[str, Any]:
    """Return those of SCORED that a task offers; what these examples leave undefined is absent."""
    found: dict[str, Any] = {}
    for name in measured.SCORED[head]:
        if name in offered:
            one = offered[name](chances.shape[1])
            one.update_state(labels, chances)
            found |= {name: float(one.result())} if getattr(one, "is_defined", True) else {}
    return found


def _per_class(
    classes: list[str], labels: np.ndarray, predicted: np.ndarray
) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 of each class that examples have; 0 where none was found."""
    from sklearn.metrics import precision_recall_fscore_support  # only `evaluate` pays for it

    there = np.unique(labels)
    columns = precision_recall_fscore_support(labels, predicted, labels=there, zero_division=0)
    names = ("precision", "recall", "f1")
    table = zip(*columns[:3], strict=True)
    return {
        classes[label]: {name: float(value) for name, value in zip(names, row, strict=True)}
        for label, row in zip(there, table, strict=True)
    }


def _predictions(
    examples: list[dict[str, str]],
    classes: list[str],
    predicted: np.ndarray,
    probabilities: np.ndarray,
) -> list[dict[str, object]]:
    """One row per test example: path, actual class, predicted class and its probability."""
    return [
        {
            "path": row["path"],
            "actual": row["class"],
            "predicted": classes[label],
            "probability": round(float(chance), 6),
        }
        for row, label, chance in zip(examples, predicted, probabilities, strict=True)
    ]
