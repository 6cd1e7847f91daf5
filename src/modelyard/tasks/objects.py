"""What finding boxes and finding masks have in common: loss, saved model, metrics, pictures."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import numpy as np

from modelyard.config.data_section import Split
from modelyard.files import read_json, write_csv

from . import Datasets, Judged, Output
from .centers import BOX, CentersLoss, find_objects
from .coco_metrics import CocoMetrics
from .detections import SCORES, Detection, detections, runs
from .drawing import draw_examples

LOSSES = {"centers": CentersLoss}
METRICS: Mapping[str, Callable[[int], Any]] = {}
LEAST_SCORE = 0.3  # of what is drawn or listed for people
ROW = ("class", "probability", "x1", "y1", "x2", "y2")
GOLDEN = (5**0.5 - 1) / 2  # its multiples by squares, less their whole parts, are like random


def finish(model: keras.Model, class_count: int) -> keras.Model:
    """Return a model from pixels to objects (batch, n, 6 [+ cells]), see `find_objects`."""
    found = find_objects(model.output, class_count)
    return keras.Model(model.input, found, name=model.name)


def output(classes: list[str]) -> dict[str, Any]:
    """Describe the output (batch, objects, columns)."""
    columns = ["x1", "y1", "x2", "y2", "score", "class"]
    return {"activation": "objects", "columns": columns, "classes": classes}


def problem(outputs: np.ndarray, class_count: int) -> str | None:
    """Say what is wrong with a batch of maps, or None."""
    least = class_count + BOX
    fits = outputs.ndim == 4 and outputs.shape[-1] >= least  # noqa: PLR2004
    if not fits or (outputs.shape[-1] - least) % 2:
        return (
            f"the outputs are {outputs.shape}, but a map of {class_count} classes has {least} "
            "channels, and two more for each prototype of masks; end with `head` of centers.py"
        )
    if not np.isfinite(outputs).all():
        return "the outputs of the new network are not finite; look at its layers and their values"
    return None


def judge(model: keras.Model, data: Datasets, split: Split, batches: int = -1) -> dict[str, Any]:
    """Return COCO's mean average precision: of boxes and, where there are masks, of masks.

    Each batch of outputs becomes objects at once: those of a whole split may not fit into memory.
    """
    dataset = data.in_order(split).take(batches)
    outputs = (output for images, _ in dataset for output in model.predict_on_batch(images))
    return _metrics(data, split, outputs).summary()


def details(judged: Judged) -> dict[str, Any]:
    """Write predictions.csv, precision_recall.csv, examples.png; return the metrics by class."""
    config, classes = judged.config, judged.data.classes
    folder = config.output_paths.training_metrics
    metrics = _metrics(judged.data, "test", judged.outputs)
    shown = [[one for one in objects if one.score >= LEAST_SCORE] for objects in metrics.found]
    images = metrics.truth["images"]
    listed = [
        {"path": image["file_name"], **_row(one, classes)}
        for image, objects in zip(images, shown, strict=True)
        for one in objects
    ]
    write_csv(folder / "predictions.csv", listed, ("path", *ROW))
    write_csv(folder / "precision_recall.csv", metrics.precision_recall())
    draw_examples(folder / "examples.png", config.data.root, metrics.truth, shown)
    return {"per_class": metrics.per_class()}


def compare(judged: Judged, exported: np.ndarray) -> dict[str, Any]:
    """Return an export's own precision: objects of equal score may change places."""
    return _metrics(judged.data, "test", exported).summary()


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


def rows(output: Output) -> list[dict[str, object]]:
    """Return class, probability and box, in pixels, of each object worth showing."""
    return [_row(one, output.classes) for one in _worth_showing(output)]


def answer(output: Output) -> list[dict[str, Any]]:
    """Return class, probability, box and, where there is one, mask of each object worth showing.

    `box` is x1, y1, x2, y2 in pixels; `mask` is COCO's run-length encoding, as text.
    """
    return [_answered(one, output.classes) for one in _worth_showing(output)]


def _worth_showing(output: Output) -> list[Detection]:
    likely = output.values[output.values[:, 4] >= LEAST_SCORE]
    return detections(likely, output.size, output.seen)


def _answered(one: Detection, classes: list[str]) -> dict[str, Any]:
    answered: dict[str, Any] = {
        "class": classes[one.label],
        "probability": round(one.score, 6),
        "box": [round(value, 2) for value in one.box],
    }
    if one.mask is not None:
        mask = runs(one)
        answered["mask"] = {"size": list(mask["size"]), "counts": mask["counts"].decode()}
    return answered


def _row(one: Detection, classes: list[str]) -> dict[str, object]:
    corners = (round(value, 2) for value in one.box)
    return dict(zip(ROW, (classes[one.label], round(one.score, 6), *corners), strict=True))


def _metrics(data: Datasets, split: Split, outputs: Iterable[np.ndarray]) -> CocoMetrics:
    """Judge outputs for a split's first images, which are all unless a dry run took fewer."""
    truth = read_json(data.config.input_paths.data / f"{split}.json")
    sizes = ((image["height"], image["width"]) for image in truth["images"])
    seen = data.input_shape[:2]
    found = [
        [one._replace(mask=runs(one)) for one in detections(*pair, seen)]
        for pair in zip(outputs, sizes, strict=False)
    ]
    truth["images"] = truth["images"][: len(found)]
    known = {image["id"] for image in truth["images"]}
    truth["annotations"] = [one for one in truth["annotations"] if one["image_id"] in known]
    return CocoMetrics(truth, found)
