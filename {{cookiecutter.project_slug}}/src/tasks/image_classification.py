"""Image classification: one class an image; the output is a probability for each."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..data.data_provider import DataProvider
from ..utils.manifest import Split
from ..utils.schema import Config
from ..utils.utils import read_csv, write_csv

TARGETS = ("labels",)
LOSSES = ()
ROW = ("class", "probability")


def join(labels: Any) -> Any:
    """Return the labels (batch,)."""
    return labels


def loss(name: str, class_count: int) -> str:  # noqa: ARG001  (other tasks need it)
    """Return the name: Keras knows it."""
    return name


def finish(model: keras.Model, class_count: int) -> keras.Model:  # noqa: ARG001
    """Return the model: what it is trained to give is what users want."""
    return model


def output(classes: list[str]) -> dict[str, Any]:
    """Describe the output (batch, classes)."""
    return {"activation": "probabilities", "classes": classes}


def judge(
    model: keras.Model, data: DataProvider, split: Split, batches: int = -1
) -> dict[str, Any]:
    """Return loss and metrics as compiled."""
    dataset = getattr(data, split).take(batches)
    scores = model.evaluate(dataset, return_dict=True, verbose=0)
    return {name: float(value) for name, value in sorted(scores.items())}


def details(config: Config, data: DataProvider, outputs: np.ndarray) -> dict[str, Any]:
    """Write predictions.csv, a row a test image; return precision, recall and F1 by class."""
    folder = config.input_paths.data
    rows = _predictions(folder / "test.csv", data.classes, outputs)
    write_csv(config.output_paths.training_metrics / "predictions.csv", rows)
    labels = np.load(folder / "test_labels.npy")
    return {"per_class": _per_class(data.classes, labels, outputs.argmax(axis=1))}


def compare(data: DataProvider, outputs: np.ndarray, exported: np.ndarray) -> dict[str, float]:  # noqa: ARG001
    """Return the largest difference of two probabilities."""
    return {"max_difference": float(np.abs(exported - outputs).max())}


def comparable(outputs: np.ndarray) -> np.ndarray:
    """Return the probabilities (images, classes)."""
    return outputs


def rows(
    output: np.ndarray,
    classes: list[str],
    size: tuple[int, int],  # noqa: ARG001
    seen: tuple[int, int],  # noqa: ARG001
) -> list[dict[str, object]]:
    """Return the likeliest class and its probability."""
    likeliest = (classes[output.argmax()], round(float(output.max()), 6))
    return [dict(zip(ROW, likeliest, strict=True))]


def answer(
    output: np.ndarray,
    classes: list[str],
    size: tuple[int, int],  # noqa: ARG001
    seen: tuple[int, int],  # noqa: ARG001
) -> list[dict[str, Any]]:
    """Return every class and its probability, the likeliest first."""
    return [
        dict(zip(ROW, (classes[label], round(float(output[label]), 6)), strict=True))
        for label in np.argsort(-output, kind="stable")
    ]


def _per_class(
    classes: list[str], labels: np.ndarray, predicted: np.ndarray
) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 by class name; 0 where nothing was predicted."""
    from sklearn.metrics import precision_recall_fscore_support  # only `evaluate` pays for it

    columns = precision_recall_fscore_support(
        labels, predicted, labels=range(len(classes)), zero_division=0
    )
    names = ("precision", "recall", "f1")
    table = zip(*columns[:3], strict=True)
    return {
        label: {name: float(value) for name, value in zip(names, row, strict=True)}
        for label, row in zip(classes, table, strict=True)
    }


def _predictions(
    examples: Path, classes: list[str], probabilities: np.ndarray
) -> list[dict[str, object]]:
    """One row a test image: path, actual class, predicted class and its probability."""
    return [
        {
            "path": row["path"],
            "actual": row["class"],
            "predicted": classes[chances.argmax()],
            "probability": round(float(chances.max()), 6),
        }
        for row, chances in zip(read_csv(examples), probabilities, strict=True)
    ]
