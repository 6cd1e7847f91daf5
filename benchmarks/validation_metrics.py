"""An epoch with macro_f1 and auc on integer labels against Keras' own on one-hot labels.

Run with an environment that has the engine: `.venv/bin/python benchmarks/validation_metrics.py`.
"""

from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from augmentation import compare

from modelyard.tasks.class_metrics import metric

EXAMPLES, BATCH, FEATURES = 8192, 32, 64


def main() -> None:
    """Print seconds per epoch of both, and the ratio of paired rounds, for several classes."""
    for classes in (10, 100):
        ours = [metric(name, classes) for name in ("macro_f1", "auc")]
        own = [
            keras.metrics.F1Score(average="macro"),
            keras.metrics.AUC(multi_label=True, num_labels=classes),
        ]
        sides = {
            "macro_f1 and auc": _fit(classes, "sparse_categorical_crossentropy", ours),
            "F1Score and AUC": _fit(classes, "categorical_crossentropy", own),
        }
        compare(sides, f"{classes} classes")


def _fit(classes: int, loss: str, metrics: list[Any]) -> Any:
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, EXAMPLES)
    inputs = random.normal(size=(EXAMPLES, FEATURES)).astype(np.float32)
    targets = labels if loss.startswith("sparse") else np.eye(classes, dtype=np.float32)[labels]
    batches = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(BATCH).cache()
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile("adam", loss, metrics=metrics)
    return partial(model.fit, batches, shuffle=False, validation_data=batches)


if __name__ == "__main__":
    main()
