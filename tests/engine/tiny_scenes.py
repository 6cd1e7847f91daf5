"""A tiny project whose images show several things: bars and squares on noise, 32 x 32."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modelyard.files import write_json, write_yaml

from . import tiny_stripes as stripes

SIDE, SCENES = 32, 60
SHAPES = {"bar": (5, 14), "square": (10, 10)}  # rows, columns
CLASSES: tuple[str, ...] = tuple(SHAPES)
COLOURS = {"bar": (250, 60, 40), "square": (60, 200, 250)}
PROCESSED = Path("data/processed/scenes")
TASKS = ("object_detection", "instance_segmentation")
TASK = TASKS[0]


def project(task: str) -> dict[str, Any]:
    """Return the root configuration for a task."""
    data = {
        **stripes.PROJECT["data"],
        "task": task,
        "annotation_type": "coco",
        "root": "data/raw/scenes",
        "annotations": "annotations.json",
        "processed": str(PROCESSED),
        "image_size": [SIDE, SIDE],
        "channels": 3,
    }
    summary = {"metric": "test.box.map", "direction": "max"}
    return {**stripes.PROJECT, "data": data, "summary": summary}


def model(task: str) -> dict[str, Any]:
    """Return the configuration of a small detector or segmenter."""
    params, tuning = stripes.TINY["params"], stripes.TINY["tuning"]
    values = tuning["hyperparams"] | {
        "filters": {"default_value": 8},
        "prototypes": {"default_value": 4},
    }
    return {
        **stripes.TINY,
        "task": task,
        "architecture": "centers",
        "params": {
            **params,
            "loss": "centers",
            "metrics": [],
            "epochs": 40,
            "early_stopping": {**params["early_stopping"], "patience": 40},
        },
        "tuning": {**tuning, "hyperparams": values},
        "input_paths": {"data": str(PROCESSED)},
    }


PROJECT, TINY = project(TASK), model(TASK)


def write_scenes(root: Path, task: str) -> None:
    """Write configuration, images and COCO annotations for a task."""
    write_yaml(root / "config.yaml", project(task))
    write_yaml(root / "models/tiny/config.yaml", model(task))
    write_images(root / "data/raw/scenes")


def write_images(folder: Path) -> None:
    """Write the scenes, and annotations.json."""
    (folder / "images").mkdir(parents=True)
    write_json(folder / "annotations.json", _annotated(folder))


def _annotated(folder: Path) -> dict[str, Any]:
    random = np.random.default_rng(0)
    names = list(SHAPES)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(SCENES):
        pixels = random.integers(0, 60, (SIDE, SIDE, 3)).astype(np.uint8)
        for side in range(number % 3):  # none, one on the left, another on the right
            name = names[random.integers(len(names))]
            rows, columns = SHAPES[name]
            x = int(random.integers(0, 16 - columns + 1)) + 16 * side
            y = int(random.integers(0, SIDE - rows + 1))
            pixels[y : y + rows, x : x + columns] = COLOURS[name]
            corners = [x, y, x + columns, y, x + columns, y + rows, x, y + rows]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number + 1,
                 "category_id": 10 * (names.index(name) + 1), "bbox": [x, y, columns, rows],
                 "area": rows * columns, "iscrowd": 0, "segmentation": [corners]}
            )  # fmt: skip
        file = f"images/{number:02}.png"
        Image.fromarray(pixels).save(folder / file)
        images.append({"id": number + 1, "file_name": file, "width": SIDE, "height": SIDE})
    categories = [{"id": 10 * (n + 1), "name": name} for n, name in enumerate(names)]
    return {"images": images, "annotations": annotations, "categories": categories}
