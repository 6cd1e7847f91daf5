"""What finding boxes and finding masks have in common: loss, saved model, metrics, pictures."""

from typing import Any

import keras
import numpy as np
from pycocotools.mask import encode

from ..data.data_provider import DataProvider
from ..utils.manifest import Split
from ..utils.schema import Config
from ..utils.utils import read_json, write_csv
from .centers import CentersLoss, find_objects
from .coco_metrics import CocoMetrics
from .detections import SCORES, Detection, Size, detections
from .drawing import draw_examples

LOSSES = ("centers",)
SHOWN = 0.3  # the least score of what is drawn or listed for people
ROW = ("class", "probability", "x1", "y1", "x2", "y2")
GOLDEN = (5**0.5 - 1) / 2  # its multiples by squares, less their whole parts, are like random


def loss(name: str, class_count: int) -> keras.losses.Loss:  # noqa: ARG001  (there is one)
    """Return the loss of a map of centres."""
    return CentersLoss(class_count)


def finish(model: keras.Model, class_count: int) -> keras.Model:
    """Return a model from pixels to objects (batch, n, 6 [+ cells]), see `find_objects`."""
    found = find_objects(model.output, class_count)
    return keras.Model(model.input, found, name=model.name)


def output(classes: list[str]) -> dict[str, Any]:
    """Describe the output (batch, objects, columns)."""
    columns = ["x1", "y1", "x2", "y2", "score", "class"]
    return {"activation": "objects", "columns": columns, "classes": classes}


def judge(
    model: keras.Model, data: DataProvider, split: Split, batches: int = -1
) -> dict[str, Any]:
    """Return COCO's mean average precision: of boxes and, where there are masks, of masks."""
    outputs = model.predict(data.in_order(split).take(batches), verbose=0)
    return _metrics(data, split, outputs).summary()


def details(config: Config, data: DataProvider, outputs: np.ndarray) -> dict[str, Any]:
    """Write predictions.csv, precision_recall.csv, examples.png; return the metrics by class."""
    folder = config.output_paths.training_metrics
    metrics = _metrics(data, "test", outputs)
    shown = [[one for one in objects if one.score >= SHOWN] for objects in metrics.found]
    images = metrics.truth["images"]
    listed = [
        {"path": image["file_name"], **_row(one, data.classes)}
        for image, objects in zip(images, shown, strict=True)
        for one in objects
    ]
    write_csv(folder / "predictions.csv", listed, ("path", *ROW))
    write_csv(folder / "precision_recall.csv", metrics.precision_recall())
    draw_examples(folder / "examples.png", config.data.root, metrics.truth, shown)
    return {"per_class": metrics.per_class()}


def compare(data: DataProvider, outputs: np.ndarray, exported: np.ndarray) -> dict[str, Any]:  # noqa: ARG001
    """Return an export's own precision: objects of equal score may change places."""
    return _metrics(data, "test", exported).summary()


def comparable(outputs: np.ndarray) -> np.ndarray:
    """Return (images, n, 6 or 8): box, score, class, and two sums of a mask's cells.

    Cells by the thousand would make it gigabytes. In the second sum each cell has another weight,
    so that it tells a mask from one of the same size that lies elsewhere.
    """
    if outputs.shape[-1] == SCORES:
        return outputs
    cells = outputs[..., SCORES:]
    weights = np.arange(1, cells.shape[-1] + 1) ** 2 * GOLDEN % 1
    sums = np.stack([cells.sum(axis=-1), cells @ weights], axis=-1)
    return np.append(outputs[..., :SCORES], sums, axis=-1)


def rows(output: np.ndarray, classes: list[str], size: Size, seen: Size) -> list[dict[str, object]]:
    """Return class, probability and box, in pixels, of each object worth showing."""
    found = detections(output, size, seen)
    return [_row(one, classes) for one in found if one.score >= SHOWN]


def answer(output: np.ndarray, classes: list[str], size: Size, seen: Size) -> list[dict[str, Any]]:
    """Return class, probability, box and, where there is one, mask of each object worth showing.

    `box` is x1, y1, x2, y2 in pixels; `mask` is COCO's run-length encoding, as text.
    """
    found = detections(output[output[:, 4] >= SHOWN], size, seen)
    return [_answered(one, classes) for one in found]


def _answered(one: Detection, classes: list[str]) -> dict[str, Any]:
    answered: dict[str, Any] = {
        "class": classes[one.label],
        "probability": round(one.score, 6),
        "box": [round(value, 2) for value in one.box],
    }
    if one.mask is not None:
        runs = encode(np.asfortranarray(one.mask, np.uint8))
        answered["mask"] = {"size": list(one.mask.shape), "counts": runs["counts"].decode()}
    return answered


def _row(one: Detection, classes: list[str]) -> dict[str, object]:
    corners = (round(value, 2) for value in one.box)
    return dict(zip(ROW, (classes[one.label], round(one.score, 6), *corners), strict=True))


def _metrics(data: DataProvider, split: Split, outputs: np.ndarray) -> CocoMetrics:
    """Judge outputs for a split's first images, which are all unless a dry run took fewer."""
    truth = read_json(data.config.input_paths.data / f"{split}.json")
    truth["images"] = truth["images"][: len(outputs)]
    known = {image["id"] for image in truth["images"]}
    truth["annotations"] = [one for one in truth["annotations"] if one["image_id"] in known]
    sizes = [(image["height"], image["width"]) for image in truth["images"]]
    seen = data.input_shape[:2]
    found = [detections(*pair, seen) for pair in zip(outputs, sizes, strict=True)]
    return CocoMetrics(truth, found)
