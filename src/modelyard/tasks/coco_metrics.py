"""COCO's metrics, computed by its reference implementation, pycocotools."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from .detections import Detection, runs

KINDS = {"box": "bbox", "mask": "segm"}
HALF = 0.5  # the IoU of the precision-recall curve
MOST = -1  # index of the largest number of detections an image, 100
ALL = 0  # index of objects of all sizes
POINTS = 5  # every fifth of the curve's 101 points


class CocoMetrics:
    """Judges the objects found in images against their annotations.

    Attributes:
        truth: annotations in COCO's format; a category's id is the class's position + 1.
        found: for each image of it, in its order, what was found there.
    """

    def __init__(self, truth: dict[str, Any], found: Sequence[list[Detection]]) -> None:
        """Match everything found with everything annotated."""
        self.truth, self.found = truth, found
        masks = any("segmentation" in one for one in truth["annotations"])
        with contextlib.redirect_stdout(io.StringIO()):
            self._evaluations = {
                kind: self._evaluation(kind) for kind in KINDS if kind == "box" or masks
            }

    def summary(self) -> dict[str, dict[str, float]]:
        """Return `map` (mean of IoU 0.5 to 0.95) and `map_50` by kind: box, mask."""
        return {
            kind: {"map": _mean(precision), "map_50": _mean(precision[:1])}
            for kind, precision in self._precisions()
        }

    def per_class(self) -> dict[str, dict[str, float]]:
        """Return the average precision of each class by kind; 0 where nothing was found."""
        table: dict[str, dict[str, float]] = {one["name"]: {} for one in self.truth["categories"]}
        for kind, precision in self._precisions():
            for position, name in enumerate(table):
                table[name][f"{kind}_ap"] = _mean(precision[:, :, position])
        return table

    def precision_recall(self) -> list[dict[str, object]]:
        """Return the curve at an IoU of 0.5, the mean of all classes, as rows."""
        rows: list[dict[str, object]] = []
        for kind, precision in self._precisions():
            recalls = self._evaluations[kind].params.recThrs[::POINTS]
            for recall, values in zip(recalls, precision[0, ::POINTS], strict=True):
                mean = round(_mean(values), 6)
                rows.append({"recall": round(float(recall), 6), "precision": mean, "kind": kind})
        return rows

    def _precisions(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield by kind the precision (IoU, recall, class); -1 where a class has no object."""
        for kind, evaluation in self._evaluations.items():
            yield kind, evaluation.eval["precision"][:, :, :, ALL, MOST]

    def _evaluation(self, kind: str) -> Any:
        truth = COCO()
        truth.dataset = {"info": {}, **self.truth}  # pycocotools 2.0.10 asks for it
        truth.createIndex()
        results = [
            _result(one, image["id"], kind)
            for image, objects in zip(self.truth["images"], self.found, strict=True)
            for one in objects
        ]
        found = truth.loadRes(results) if results else COCO()
        evaluation = COCOeval(truth, found, KINDS[kind])
        evaluation.evaluate()
        evaluation.accumulate()
        return evaluation


def _mean(precision: np.ndarray) -> float:
    """Return the mean of what is defined; 0 if nothing is."""
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else 0.0


def _result(one: Detection, image: int, kind: str) -> dict[str, Any]:
    x1, y1, x2, y2 = one.box
    result = {"image_id": image, "category_id": one.label + 1, "score": one.score}
    if kind == "box":
        return result | {"bbox": [x1, y1, x2 - x1, y2 - y1]}
    return result | {"segmentation": runs(one)}
