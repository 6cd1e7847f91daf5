"""Tiny data of each task, for a project's tests: 48 examples that are learned in a moment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modelyard.files import write_csv, write_json

COUNT = 48
SIDE = 32  # pixels of an image
KEPT = ("task", "channels", "splits", "seed")  # of the project's own section `data`
CLASSES = ("standing", "lying")
AS_CSV = ("labels", "value")  # what COCO's JSON has not


def write_tiny(data: Mapping[str, Any], root: str = "raw") -> dict[str, Any]:
    """Write examples in place of a project's own into a folder, and return how they are read.

    Args:
        data: the section `data` of the project's config.yaml: its task, and whether an image or a
            text has a class, several labels, or an image a number.
        root: a folder in the working directory, which is made.
    """
    Path(root).mkdir()
    writers = {"text_classification": _texts, "tabular": _rows}
    target = next((one for one in AS_CSV if one in data.get("columns", {})), "class")
    keys = writers.get(data["task"], _images)(Path(root), target)
    kept = {key: data[key] for key in KEPT if key in data}
    return kept | {"root": root, "processed": "data"} | keys


def _texts(root: Path, target: str) -> dict[str, Any]:
    """Write texts whose class follows from one of their words."""
    rows = [{"text": f"it is {CLASSES[n % 2]} {n}", target: CLASSES[n % 2]} for n in range(COUNT)]
    write_csv(root / "texts.csv", rows)
    columns = {"text": "text", target: target}
    return {"format": "csv", "file": "texts.csv", "columns": columns, "max_tokens": 16}


def _rows(root: Path, _: str) -> dict[str, Any]:
    """Write a table whose class follows from a number that may be missing, or from a word."""
    rows = [
        {
            "width": "" if n % 9 == 0 else 6 + n % 2 * 10 + n / 100,
            "word": ("high", "wide")[n % 2],
            "lies": ("no", "yes")[n % 2],
        }
        for n in range(COUNT)
    ]
    write_csv(root / "rows.csv", rows)
    return {"file": "rows.csv", "target": "lies"}


def _images(root: Path, target: str) -> dict[str, Any]:
    """Write images of one bright bar each with its class, box and mask, or with a number."""
    images, bars, rows = [], [], []
    for n in range(COUNT):
        x, y, (width, height) = n % 16, n // 4, [(6, 16), (16, 6)][n % 2]
        pixels = np.full((SIDE, SIDE, 3), n, np.uint8)
        pixels[y : y + height, x : x + width] = 230
        Image.fromarray(pixels).save(root / f"{n}.png")
        images.append({"id": n, "file_name": f"{n}.png", "width": SIDE, "height": SIDE})
        outline = [x, y, x + width, y, x + width, y + height, x, y + height]
        shape = {"bbox": [x, y, width, height], "segmentation": [outline]}
        bars.append({"id": n, "image_id": n, "category_id": n % 2} | shape)
        rows.append({"path": f"{n}.png", target: n % 2 * 9})
    size = {"image_size": [SIDE, SIDE]}
    if target in AS_CSV:
        write_csv(root / "rows.csv", rows)
        columns = {target: target}
        return {"annotation_type": "csv", "annotations": "rows.csv", "columns": columns} | size
    classes = [{"id": n, "name": name} for n, name in enumerate(CLASSES)]
    document = {"images": images, "annotations": bars, "categories": classes}
    write_json(root / "annotations.json", document)
    return {"annotation_type": "coco", "annotations": "annotations.json"} | size
