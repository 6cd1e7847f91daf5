"""Several labels: any number of classes per example, none among them; a probability for each."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.config import Config, measured
from modelyard.config.keras_names import plain
from modelyard.data.manifest import read_manifest
from modelyard.errors import UserError
from modelyard.files import read_csv, write_csv

from . import Judged
from .answers.labels import DIGITS, HALF, JOINED
from .label_metrics import LABEL_METRICS
from .single_label import comparable, compare, join, judge, score

__all__ = [
    "ALWAYS", "JUDGED", "LOSSES", "METRICS", "comparable", "compare", "details",
    "join", "judge", "loss", "problem", "scores",
]  # fmt: skip

ALWAYS, JUDGED = measured.ALWAYS["labels"], measured.JUDGED["labels"]
LOSSES: Mapping[str, Callable[[int], Any]] = {}
METRICS = LABEL_METRICS
OF_ONE_CLASS = [plain(f"{kind}categorical_crossentropy") for kind in ("sparse_", "")]


def loss(name: str, config: Config) -> str:
    """Return the loss of Keras by its name.

    Raises:
        UserError: it compares one class per example.
    """
    if plain(name) in OF_ONE_CLASS:
        raise UserError(
            f"{config.file}: params.loss is {name}, which is for one class per example, and the "
            "prepared data has several labels per example; write binary_crossentropy."
        )
    return name


def problem(outputs: np.ndarray, class_count: int) -> str | None:
    """Say what is wrong with a batch of outputs, or None."""
    remedy = 'end with Dense(class_count, activation="sigmoid")'
    if outputs.shape[1:] != (class_count,):
        return f"the outputs are {outputs.shape}, but the data has {class_count} labels; {remedy}"
    if not np.isfinite(outputs).all():
        return "the outputs of the new network are not finite; look at its layers and their values"
    if outputs.min() < 0 or outputs.max() > 1:
        return f"the outputs are not probabilities, as they are not all within 0..1; {remedy}"
    return None


def details(judged: Judged) -> dict[str, Any]:
    """Write predictions.csv, one row per test example; return metrics by class."""
    config, classes = judged.config, judged.data.classes
    folder = config.input_paths.data
    chances = np.concatenate(list(judged.outputs()))
    labels = np.load(folder / "test_labels.npy")
    examples = read_csv(folder / "test.csv", ("path", "labels"), len(chances))
    table = [
        {
            "path": row["path"],
            "actual": row["labels"],
            "predicted": _joined(said > HALF, classes),
            "probabilities": JOINED.join(
                str(round(float(one), DIGITS)) for one in said[said > HALF]
            ),
        }
        for row, said in zip(examples, chances, strict=True)
    ]
    write_csv(config.output_paths.training_metrics / "predictions.csv", table)
    return {
        "per_class": _per_class(classes, labels, chances),
        "baseline": _baseline(labels, _usual(config, classes)),
    }


def scores(folder: Path, outputs: Iterable[np.ndarray]) -> dict[str, Any]:
    """Return SCORED and the metrics by class of probabilities on the test split."""
    classes, labels = read_manifest(folder).classes, np.load(folder / "test_labels.npy")
    chances = np.concatenate(list(outputs))
    by_class = _per_class(classes, labels, chances)
    return score(METRICS, "labels", labels, chances) | {"per_class": by_class}


def _joined(said: np.ndarray, classes: list[str]) -> str:
    """Return the names of the classes that are said (classes,)."""
    return JOINED.join(name for name, there in zip(classes, said, strict=True) if there)


def _usual(config: Config, classes: list[str]) -> np.ndarray:
    """Return the labels that more than half of the training examples have, bool (classes,)."""
    manifest = read_manifest(config.input_paths.data)
    counts = manifest.counts["train"]
    return np.array([counts[name] > HALF * manifest.size("train") for name in classes])


def _baseline(labels: np.ndarray, usual: np.ndarray) -> dict[str, float]:
    """Return the metrics of whoever says the same labels of each example."""
    there = labels.sum(axis=0)
    f1 = np.where(usual, 2 * there / np.maximum(there + len(labels), 1), 0.0)
    found = {"subset_accuracy": float((labels == usual).all(axis=1).mean())}
    return found | ({"macro_f1": float(f1[there > 0].mean())} if there.any() else {})


def _per_class(
    classes: list[str], labels: np.ndarray, chances: np.ndarray
) -> dict[str, dict[str, float]]:
    """Return metrics of each class that examples have; precision is 0 where it was never said."""
    from sklearn.metrics import average_precision_score, precision_recall_fscore_support

    there = np.flatnonzero(labels.any(axis=0))
    said = chances > HALF
    columns = precision_recall_fscore_support(
        labels[:, there], said[:, there], average=None, zero_division=0
    )[:3]
    averages = [average_precision_score(labels[:, n], chances[:, n]) for n in there]
    names = ("average_precision", "precision", "recall", "f1")
    rows = zip(averages, *columns, strict=True)
    return {
        classes[n]: {name: float(value) for name, value in zip(names, row, strict=True)}
        for n, row in zip(there, rows, strict=True)
    }
