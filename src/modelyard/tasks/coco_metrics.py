"""COCO's metrics, computed by its reference implementation, pycocotools."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from .coco_matching import Matching, Record
from .detections import Detection, runs

KINDS = {"box": "bbox", "mask": "segm"}
MOST = 100  # objects of a class that count in an image: COCO's own limit
IMAGES = 32  # matched at once
POINTS = 5  # every fifth of the curve's 101 points


class CocoMetrics:
    """Judges the objects found in images against their annotations.

    Attributes:
        truth: annotations in COCO's format; a category's id is the class's position + 1.
    """

    def __init__(
        self, truth: Record, found: Iterable[Iterable[Detection]], most: int = MOST
    ) -> None:
        """Match what was found in the first images with what is annotated there.

        Args:
            truth: the ids of its images must rise.
            found: for each image of it, in its order, what was found there; it may end earlier.
            most: so many objects of a class count in an image, the likeliest.
        """
        self.truth = truth
        masks = any("segmentation" in one for one in truth["annotations"])
        kinds = [kind for kind in KINDS if kind == "box" or masks]
        matchings = {kind: Matching(KINDS[kind], truth["categories"], most) for kind in kinds}
        for images, annotations, objects in _batches(truth, found):
            for kind, matching in matchings.items():
                results = [_result(one, image, kind) for image, one in objects]
                matching.add(images, annotations, results)
        self._precision = {kind: one.precision() for kind, one in matchings.items()}
        self._exact, self._exact_of = matchings[kinds[-1]].exact()  # of masks, where there are some

    def summary(self) -> dict[str, Any]:
        """Return `map` (mean of IoU 0.5 to 0.95) and `map_50` by kind: box, mask; `exact_match`.

        Each is the mean of the classes that have an object; a kind that no class has is absent.
        `exact_match` is the share of the images that `Matching.exact` calls exactly right.
        """
        found: dict[str, Any] = {
            kind: {"map": _mean(precision), "map_50": _mean(precision[:1])}
            for kind, (_, precision) in self._defined()
        }
        return found | {"exact_match": self._exact} if found else found

    def per_class(self) -> dict[str, dict[str, float]]:
        """Return of each class that has an object the exact match, and by kind the precision."""
        table: dict[str, dict[str, float]] = {
            category["name"]: {"exact_match": float(share)}
            for category, share in zip(self.truth["categories"], self._exact_of, strict=True)
            if not np.isnan(share)
        }
        for kind, (_, precision) in self._defined():
            for position, category in enumerate(self.truth["categories"]):
                found = precision[:, :, position]
                if _is_defined(found):
                    table[category["name"]][f"{kind}_ap"] = _mean(found)
        return table

    def precision_recall(self) -> list[dict[str, object]]:
        """Return the curve at an IoU of 0.5, the mean of all classes, as rows."""
        rows: list[dict[str, object]] = []
        for kind, (recalls, precision) in self._defined():
            points = zip(recalls[::POINTS], precision[0, ::POINTS], strict=True)
            for recall, values in points:
                mean = round(_mean(values), 6)
                rows.append({"recall": round(float(recall), 6), "precision": mean, "kind": kind})
        return rows

    def _defined(self) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray]]]:
        """Yield by kind the recalls and the precision, where a class has an object."""
        return ((kind, one) for kind, one in self._precision.items() if _is_defined(one[1]))


def _batches(
    truth: Record, found: Iterable[Iterable[Detection]]
) -> Iterator[tuple[list[Record], list[Record], list[tuple[int, Detection]]]]:
    """Yield some images, their annotations, and with its image's id each object found in them."""
    annotated = defaultdict(list)
    for one in truth["annotations"]:
        annotated[one["image_id"]].append(one)
    pairs = zip(truth["images"], found, strict=False)
    while some := [
        (image, [(image["id"], one) for one in objects]) for image, objects in islice(pairs, IMAGES)
    ]:
        images = [image for image, _ in some]
        annotations = [one for image in images for one in annotated[image["id"]]]
        yield images, annotations, [one for _, objects in some for one in objects]


def _is_defined(precision: np.ndarray) -> bool:
    return bool((precision > -1).any())


def _mean(precision: np.ndarray) -> float:
    """Return the mean of what is defined, which is not nothing."""
    return float(precision[precision > -1].mean())


def _result(one: Detection, image: int, kind: str) -> Record:
    x1, y1, x2, y2 = one.box
    result = {"image_id": image, "category_id": one.label + 1, "score": one.score}
    if kind == "box":
        return result | {"bbox": [x1, y1, x2 - x1, y2 - y1]}
    return result | {"segmentation": runs(one)}
