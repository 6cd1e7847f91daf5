"""A tiny classification project: three classes of striped 8 x 8 images, one small model."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modelyard.files import write_csv

CLASSES: tuple[str, ...] = ("columns", "empty", "rows")
PER_CLASS = 20
PROCESSED = Path("data/processed/stripes")

PROJECT: dict[str, Any] = {
    "model": "tiny",
    "data": {
        "annotation_type": "csv",
        "root": "data/raw/stripes",
        "annotations": "annotations.csv",
        "processed": str(PROCESSED),
        "image_size": [8, 8],
        "channels": 1,
        "splits": {"train": 0.6, "validation": 0.2, "test": 0.2},
        "seed": 1,
    },
    "summary": {"metric": "test.accuracy", "direction": "max"},
}

TINY: dict[str, Any] = {
    "architecture": "dense",
    "params": {
        "seed": 1,
        "deterministic": True,
        "epochs": 15,
        "batch_size": 8,
        "cache_mb": 1,
        "optimizer": "adam",
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "early_stopping": {
            "metric": "val_loss",
            "direction": "min",
            "patience": 5,
            "min_delta": 0.0,
        },
    },
    "tuning": {
        "tune": False,
        "max_trials": 3,
        "hyperparams": {
            "learning_rate": {"default_value": 0.01},
            "filters": {"default_value": 4},
            "hidden_units": {"default_value": 32},
            "dropout_rate": {"default_value": 0.2},
        },
    },
    "input_paths": {"data": str(PROCESSED)},
    "output_paths": {
        "model": {
            "root": "models/tiny",
            "keras_model": "models/tiny/model.keras",
            "tflite_model": "models/tiny/model.tflite",
            "output_mapping": "models/tiny/output_mapping.json",
        },
        "training_metrics": "training_metrics/tiny",
    },
}


def write_images(folder: Path) -> None:
    """Write noisy images of stripes, and annotations.csv."""
    random = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    (folder / "images").mkdir(parents=True)
    for label in CLASSES:
        for number in range(PER_CLASS):
            pixels = random.integers(0, 60, (8, 8))
            if label == "rows":
                pixels[::2] += 180
            elif label == "columns":
                pixels[:, ::2] += 180
            path = f"images/{label}_{number}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(folder / path)
            rows.append({"path": path, "class": label})
    write_csv(folder / "annotations.csv", rows)
