"""Images of which no two are alike, and a project's `data` that prepares them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modelyard.config.data_section import ImageData
from modelyard.data.annotations import Example
from modelyard.data.annotations.listing import Object
from modelyard.files import write_csv

WIDTH, HEIGHT = 20, 10
PROCESSED = Path("data/processed/noise")
RAW = Path("data/raw/noise")


def write_noise(folder: Path, names: Sequence[str]) -> None:
    """Write an image of noise for each name."""
    random = np.random.default_rng(0)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (HEIGHT, WIDTH), np.uint8)).save(path)


def settings(**keys: Any) -> ImageData:
    """Return the configuration of images of one class each, listed in annotations.csv."""
    document = {
        "annotation_type": "csv",
        "root": str(RAW),
        "annotations": "annotations.csv",
        "processed": str(PROCESSED),
        "image_size": [HEIGHT, WIDTH],
        "channels": 1,
        "splits": {"train": 0.6, "validation": 0.2, "test": 0.2},
        "seed": 1,
    }
    return ImageData.model_validate(document | keys)


def write_classes(counts: Mapping[str, int]) -> list[str]:
    """Write so many images of each class and annotations.csv; return their paths."""
    rows = [
        {"path": f"{label}_{number}.png", "class": label}
        for label, count in counts.items()
        for number in range(count)
    ]
    write_noise(RAW, [row["path"] for row in rows])
    write_csv(RAW / "annotations.csv", rows)
    return [row["path"] for row in rows]


def example(name: object, *labels: str, **keys: Any) -> Example:
    """Return an example of objects, or of a class, as the annotations list it."""
    return Example(f"{name}.png", tuple(Object(label, None) for label in labels), **keys)
