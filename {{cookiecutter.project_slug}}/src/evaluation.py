"""The `evaluate` stage: judge the saved files, not what training had in memory."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import precision_recall_fscore_support

from .data.data_provider import DataProvider
from .utils.lite import LiteModel
from .utils.manifest import SPLITS
from .utils.schema import Config
from .utils.utils import UserError, read_csv, write_csv, write_json

LATENCY_RUNS = 50


def evaluate(config: Config, *, dry_run: bool = False) -> dict[str, Any]:
    """Write metrics.json and predictions.csv below `training_metrics`; return the metrics.

    A dry run judges one validation batch and writes nothing.
    """
    paths = config.output_paths
    model = load_model(paths.model.keras_model)
    data = DataProvider(config)
    data.get_data()
    if dry_run:
        return {"validation": _scores(model, data.validation.take(1))}
    lite = LiteModel(paths.model.tflite_model)
    images = np.concatenate([images for images, _ in data.test])
    labels = np.concatenate([labels for _, labels in data.test])
    probabilities = model.predict(images, verbose=0)
    metrics: dict[str, Any] = {split: _scores(model, getattr(data, split)) for split in SPLITS}
    metrics["test"]["per_class"] = _per_class(data.classes, labels, probabilities.argmax(axis=1))
    metrics["tflite"] = {"max_difference": _difference(lite(images), probabilities)}
    metrics["latency_ms"] = _latencies(model, lite, images[:1])
    metrics["size_bytes"] = {
        "keras": paths.model.keras_model.stat().st_size,
        "tflite": paths.model.tflite_model.stat().st_size,
    }
    write_csv(
        paths.training_metrics / "predictions.csv",
        _predictions(config.input_paths.data / "test.csv", data.classes, probabilities),
    )
    write_json(paths.training_metrics / "metrics.json", metrics)
    return metrics


def load_model(path: Path) -> keras.Model:
    """Load a saved model, with a clear error when there is none."""
    if not path.is_file():
        raise UserError(f"{path} does not exist; train it first with `dvc repro`.")
    return keras.models.load_model(path)


def _scores(model: keras.Model, dataset: tf.data.Dataset) -> dict[str, Any]:
    scores = model.evaluate(dataset, return_dict=True, verbose=0)
    return {name: float(value) for name, value in sorted(scores.items())}


def _per_class(
    classes: list[str], labels: np.ndarray, predicted: np.ndarray
) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 by class name; 0 where nothing was predicted."""
    columns = precision_recall_fscore_support(
        labels, predicted, labels=range(len(classes)), zero_division=0
    )
    names = ("precision", "recall", "f1")
    rows = zip(*columns[:3], strict=True)
    return {
        label: {name: float(value) for name, value in zip(names, row, strict=True)}
        for label, row in zip(classes, rows, strict=True)
    }


def _difference(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.abs(left - right).max())


def _latencies(model: keras.Model, lite: LiteModel, image: np.ndarray) -> dict[str, float]:
    """Return the median time for one image in milliseconds, on this machine."""
    return {
        "keras": _median_ms(lambda: model.predict_on_batch(image)),
        "tflite": _median_ms(lambda: lite(image)),
    }


def _median_ms(predict: Callable[[], object]) -> float:
    times = []
    for _ in range(LATENCY_RUNS):
        start = time.perf_counter()
        predict()
        times.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(times), 3)


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
