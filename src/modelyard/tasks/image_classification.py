"""Image classification: one class per image; the output is a probability for each class."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from modelyard.config.data_section import Split
from modelyard.files import read_csv, write_csv

from . import Datasets, Form, Judged, Output
from .class_metrics import CLASS_METRICS

ARRAYS = ("labels",)
JUDGED = ()
LOSSES: Mapping[str, Callable[[int], Any]] = {}
METRICS = CLASS_METRICS
ROW = ("class", "probability")
ROUNDING = 0.02  # of 16 bits


def join(labels: Any) -> Any:
    """Return the labels (batch,)."""
    return labels


def output(classes: list[str]) -> dict[str, Any]:
    """Describe the output (batch, classes)."""
    return {"activation": "probabilities", "classes": classes}


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
    dataset = getattr(data, split).take(batches)
    scores = model.evaluate(dataset, return_dict=True, verbose=0)
    undefined = {one.name for one in _metrics(model) if not getattr(one, "is_defined", True)}
    return {name: float(value) for name, value in sorted(scores.items()) if name not in undefined}


def details(judged: Judged) -> dict[str, Any]:
    """Write predictions.csv, one row per test image; return precision, recall and F1 by class."""
    config, classes = judged.config, judged.data.classes
    folder = config.input_paths.data
    said = [(batch.argmax(axis=1), batch.max(axis=1)) for batch in judged.outputs()]
    predicted, chances = (np.concatenate(one) for one in zip(*said, strict=True))
    examples = read_csv(folder / "test.csv", ("path", "class"), len(predicted))
    rows = _predictions(examples, classes, predicted, chances)
    write_csv(config.output_paths.training_metrics / "predictions.csv", rows)
    labels = np.load(folder / "test_labels.npy")
    return {"per_class": _per_class(classes, labels, predicted)}


def compare(judged: Judged, exported: Form) -> dict[str, float]:
    """Return the largest difference of two probabilities."""
    pairs = ((judged.predict(images), exported(images)) for images in judged.images())
    return {"max_difference": float(np.max([np.abs(two - one).max() for one, two in pairs]))}


def comparable(outputs: np.ndarray) -> np.ndarray:
    """Return the probabilities (images, classes)."""
    return outputs


def rows(output: Output) -> list[dict[str, object]]:
    """Return the likeliest class and its probability."""
    return [dict(answer(output)[0])]


def answer(output: Output) -> list[dict[str, Any]]:
    """Return every class and its probability, the likeliest first."""
    values = output.values
    return [
        dict(zip(ROW, (output.classes[label], round(float(values[label]), 6)), strict=True))
        for label in np.argsort(-values, kind="stable")
    ]


def _metrics(model: keras.Model) -> list[Any]:
    """Return a compiled model's metrics, also those that Keras holds together."""
    return [inner for one in model.metrics for inner in getattr(one, "metrics", [one])]


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
    """One row per test image: path, actual class, predicted class and its probability."""
    return [
        {
            "path": row["path"],
            "actual": row["class"],
            "predicted": classes[label],
            "probability": round(float(chance), 6),
        }
        for row, label, chance in zip(examples, predicted, probabilities, strict=True)
    ]
