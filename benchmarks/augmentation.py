"""An epoch of training on augmented batches against the same layers in a bare `Dataset.map`.

Run with an environment that has the engine: `.venv/bin/python benchmarks/augmentation.py`.
"""

import statistics
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelyard.recipe.augmentation import augmented

ROUNDS, EPOCHS = 7, 2  # one round more comes first, it compiles
IMAGES, SIDE, BATCH = 1024, 64, 32
LAYERS: list[dict[str, Any]] = [
    {"name": "RandomFlip", "mode": "horizontal"},
    {"name": "RandomRotation", "factor": 0.05},
    {"name": "RandomZoom", "height_factor": 0.1},
    {"name": "RandomBrightness", "factor": 0.2},
    {"name": "RandomContrast", "factor": 0.2},
]


def main() -> None:
    """Print seconds per epoch of both, and the ratio of paired rounds; deterministic or not."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (IMAGES, SIDE, SIDE, 3), np.uint8)
    batches = tf.data.Dataset.from_tensor_slices((images, random.integers(0, 10, IMAGES)))
    batches = batches.batch(BATCH).cache()
    for how in ("as it is", "deterministic"):
        if how == "deterministic":
            tf.config.experimental.enable_op_determinism()
        sides = {"augmented": _fit(_ours(batches)), "bare": _fit(_bare(batches))}
        compare(sides, f"augmentation, {how}")


def compare(sides: dict[str, Any], what: str) -> None:
    """Print seconds per epoch of two sides that are run in turn, and their ratios.

    The ratio of the processor's time is the steadier one where others use the machine, too.
    """
    rounds = [{name: _seconds(fit) for name, fit in sides.items()} for _ in range(ROUNDS + 1)][1:]
    first, second = sides
    seconds = [statistics.median(times[name][0] for times in rounds) / EPOCHS for name in sides]
    print(f"{what}: {first} {seconds[0]:.2f} s, {second} {seconds[1]:.2f} s", end="")
    for kind, clock in enumerate(("ratio", "of processor time")):
        ratios = [times[first][kind] / times[second][kind] for times in rounds]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f", {clock} {statistics.median(ratios):.2f} ({spread})", end="")
    print(flush=True)


def _ours(batches: tf.data.Dataset) -> tf.data.Dataset:
    params = SimpleNamespace(seed=1, augmentation=LAYERS)
    config: Any = SimpleNamespace(
        params=params, task="image_classification", file=Path("config.yaml")
    )
    return augmented(batches, config, tf.Variable(0, dtype=tf.int64))


def _bare(batches: tf.data.Dataset) -> tf.data.Dataset:
    layers = [
        getattr(keras.layers, entry["name"])(**{k: v for k, v in entry.items() if k != "name"})
        for entry in LAYERS
    ]

    def augment(images: Any, labels: Any) -> Any:
        for layer in layers:
            images = layer(images, training=True)
        return images, labels

    return batches.map(augment, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _fit(batches: tf.data.Dataset) -> Any:
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
            keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return partial(model.fit, batches, shuffle=False)


def _seconds(fit: Any) -> tuple[float, float]:
    """Return the seconds that passed, and those of all processors' work."""
    start, used = time.perf_counter(), time.process_time()
    fit(epochs=EPOCHS, verbose=0)
    return time.perf_counter() - start, time.process_time() - used


if __name__ == "__main__":
    main()
