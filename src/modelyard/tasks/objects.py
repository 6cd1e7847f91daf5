"""What finding boxes and finding masks have in common: loss, saved model, metrics, pictures."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import numpy as np

from modelyard.config.data_section import Split
from modelyard.config.image_section import ImageReading
from modelyard.data.manifest import Manifest, read_manifest
from modelyard.data.view import view_of
from modelyard.files import read_json, write_csv

from . import Datasets, Form, Judged
from .answers.objects import ROW, row_of
from .batches import one_by_one
from .centers import BOX, CentersLoss, find_objects
from .coco_metrics import MOST, CocoMetrics
from .detections import SCORES, SHOWN, Detection, detections, runs
from .drawing import MOST_IMAGES, draw_examples

ALWAYS = ()
LOSSES = {"centers": CentersLoss}
METRICS: Mapping[str, Callable[[int], Any]] = {}
CURVE = ("recall", "precision", "kind")
GOLDEN = (5**0.5 - 1) / 2  # its multiples by squares, less their whole parts, are like random


def finish(model: keras.Model, manifest: Manifest, most: int) -> keras.Model:
    """Return a model from pixels to objects (batch, n, 6 [+ cells]), see `find_objects`."""
    found = find_objects(model.output, len(manifest.classes), most)
    return keras.Model(model.input, found, name=model.name)


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

    It is undefined, and absent, where no image shows an object.
    """
    dataset = data.in_order(split).take(batches)
    outputs = (model.predict_on_batch(images) for images, _ in dataset)
    truth = _truth(data, split)
    return _metrics(data, truth, _found(data, truth, outputs)).summary()


def details(judged: Judged) -> dict[str, Any]:
    """Write predictions.csv, precision_recall.csv, examples.png; return the metrics by class."""
    config, classes = judged.config, judged.data.classes
    folder = config.output_paths.training_metrics
    truth = _truth(judged.data, "test")
    found, shown = _found(judged.data, truth, judged.outputs()), list[list[Detection]]()
    metrics = _metrics(judged.data, truth, _noted(found, shown))
    listed = [
        {"path": image["file_name"], **row_of(one, classes)}
        for image, objects in zip(truth["images"], shown, strict=False)
        for one in objects
    ]
    write_csv(folder / "predictions.csv", listed, ("path", *ROW))
    write_csv(folder / "precision_recall.csv", metrics.precision_recall(), CURVE)
    settings = read_manifest(config.input_paths.data).reading
    draw_examples(folder / "examples.png", config.data.root, truth, shown, settings)
    return {"per_class": metrics.per_class()}


def compare(judged: Judged, exported: Form) -> dict[str, Any]:
    """Return an export's own precision: objects of equal score may change places."""
    truth = _truth(judged.data, "test")
    found = _found(judged.data, truth, judged.outputs(exported))
    return _metrics(judged.data, truth, found).summary()


def scores(folder: Path, outputs: Iterable[np.ndarray]) -> dict[str, Any]:
    """Return COCO's precision and the exact match of outputs on the test split, also by class."""
    truth, batches = read_json(folder / "test.json"), iter(outputs)
    first = next(batches)
    found = _seen(read_manifest(folder).reading, truth, chain([first], batches))
    metrics = CocoMetrics(truth, found, max(MOST, first.shape[1]))
    return metrics.summary() | {"per_class": metrics.per_class()}


def comparable(outputs: np.ndarray) -> np.ndarray:
    """Return (images, n, 6 or 8): box, score, class, and two sums of a mask's cells.

    Cells by the thousand would make it gigabytes. In the second sum each cell has another weight,
    so that it tells a mask from one of the same size that lies elsewhere.
    """
    if outputs.shape[-1] == SCORES:
        return outputs
    cells = outputs[..., SCORES:]
    weights = np.arange(1, cells.shape[-1] + 1) ** 2 * GOLDEN % 1
    several = cells.ndim > 2  # noqa: PLR2004  (images, n, cells): each alone, to save memory
    sums = np.stack([_sums(one, weights) for one in cells]) if several else _sums(cells, weights)
    return np.append(outputs[..., :SCORES], sums, axis=-1)


def _sums(cells: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return both sums of an image's masks (n, cells): (n, 2)."""
    return np.stack([cells.sum(axis=-1), cells @ weights], axis=-1)


def _truth(data: Datasets, split: Split) -> dict[str, Any]:
    """Return the annotations of a split in COCO's format."""
    truth: dict[str, Any] = read_json(data.config.input_paths.data / f"{split}.json")
    return truth


def _metrics(
    data: Datasets, truth: dict[str, Any], found: Iterable[list[Detection]]
) -> CocoMetrics:
    return CocoMetrics(truth, found, max(MOST, data.config.params.max_objects))


def _found(
    data: Datasets, truth: dict[str, Any], outputs: Iterable[np.ndarray]
) -> Iterator[list[Detection]]:
    """Yield what batches of outputs say of the first images, masks as run lengths."""
    return _seen(read_manifest(data.config.input_paths.data).reading, truth, outputs)


def _seen(
    reading: ImageReading, truth: dict[str, Any], outputs: Iterable[np.ndarray]
) -> Iterator[list[Detection]]:
    for output, image in zip(one_by_one(outputs), truth["images"], strict=False):
        view = view_of((image["height"], image["width"]), reading.shape[:2], reading.resize)
        yield [one._replace(mask=runs(one)) for one in detections(output, view)]


def _noted(
    found: Iterable[list[Detection]], shown: list[list[Detection]]
) -> Iterator[list[Detection]]:
    """Pass on what was found; note what people are shown of it, masks only where one is drawn."""
    for number, objects in enumerate(found):
        likely = [one for one in objects if one.score >= SHOWN]
        drawn = number < MOST_IMAGES
        shown.append(likely if drawn else [one._replace(mask=None) for one in likely])
        yield objects
