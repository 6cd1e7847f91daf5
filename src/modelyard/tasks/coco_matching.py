"""Found objects matched with annotated ones, images by images, by COCO's reference implementation.

A match of one image knows nothing of the others. So only few images are matched at once, and of
each only what the precision at the end depends on is kept: 28 bytes an object found.
"""

import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from .detections import SHOWN

Record = dict[str, Any]
THERE, EXACT = 1, 2  # of a class in an image


class _Matched(NamedTuple):
    """One class in some images, as `COCOeval.accumulate` reads it; (IoU, found) where it is 2-D."""

    scores: np.ndarray
    matches: np.ndarray
    ignored: np.ndarray
    truth_ignored: np.ndarray


class Matching:
    """Matches what is found in ever more images with their annotations."""

    def __init__(self, kind: str, categories: Sequence[Record], most: int) -> None:
        """Begin with no image; `kind` is bbox or segm, `most` objects of a class count in one."""
        self._kind, self._categories, self._most = kind, categories, most
        self._matched: list[list[_Matched]] = [[] for _ in categories]
        self._exact: list[np.ndarray] = []

    def add(self, images: list[Record], annotations: list[Record], results: list[Record]) -> None:
        """Match results with the annotations of further images, whose ids must be higher."""
        truth = COCO()
        truth.dataset = {
            "info": {},  # pycocotools 2.0.10 asks for it
            "images": images,
            "annotations": [dict(one) for one in annotations],  # it writes into them
            "categories": self._categories,
        }
        _quietly(truth.createIndex)
        found = _quietly(lambda: truth.loadRes(results)) if results else COCO()
        evaluation = COCOeval(truth, found, self._kind)
        self._limit(evaluation, self._most)
        _quietly(evaluation.evaluate)
        by_class = np.array(evaluation.evalImgs, object).reshape(len(self._categories), -1)
        self._exact.append(np.vectorize(_exactness, otypes=[np.int8])(by_class))
        for position, matched in enumerate(self._matched):
            start = position * len(images)
            one_class = evaluation.evalImgs[start : start + len(images)]
            if there := [one for one in one_class if one]:
                matched.append(_kept(there))

    def exact(self) -> tuple[float, np.ndarray]:
        """Return the share of the images that are exactly right, and of each class that of its own.

        Exactly right is an image in which at an IoU of 0.5 each object is found, as one, and
        nothing else is; found is what has a score of SHOWN. A class's own images are those that
        show it; NaN where there are none.
        """
        nothing = np.zeros((len(self._categories), 0), np.int8)
        found = np.concatenate([nothing, *self._exact], axis=1)
        there, right = (found & THERE) > 0, (found & EXACT) > 0
        shown = there.sum(axis=1)
        shares = (right & there).sum(axis=1) / np.where(shown, shown, np.nan)
        whole = right.all(axis=0)
        return float(whole.sum() / max(whole.size, 1)), shares

    def precision(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the recalls, and at them the precision (IoU, recall, class).

        The precision of a class without an object is -1.
        """
        evaluation = COCOeval(iouType=self._kind)
        evaluation.params.imgIds = [0]  # all images of a class as one
        evaluation.params.catIds = [one["id"] for one in self._categories]
        self._limit(evaluation, sys.maxsize)  # each image was limited before
        evaluation.evalImgs = [_as_one_image(one) if one else None for one in self._matched]
        evaluation._paramsEval = evaluation.params
        _quietly(evaluation.accumulate)
        return evaluation.params.recThrs, evaluation.eval["precision"][:, :, :, 0, 0]

    def _limit(self, evaluation: Any, most: int) -> None:
        """Judge objects of all sizes together, as nothing else is reported."""
        evaluation.params.areaRng = evaluation.params.areaRng[:1]
        evaluation.params.areaRngLbl = evaluation.params.areaRngLbl[:1]
        evaluation.params.maxDets = [most]


def _quietly(function: Callable[[], Any]) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return function()


def _exactness(one: Record | None) -> int:
    """Return of one class in one image whether it is there, and whether it is exactly right."""
    if one is None:  # neither there nor found
        return EXACT
    counted = ~np.asarray(one["gtIgnore"], bool)
    likely = np.asarray(one["dtScores"]) >= SHOWN
    matched, ignored = one["dtMatches"][0] != 0, one["dtIgnore"][0] != 0
    wrong = likely & ~matched & ~ignored
    right = not wrong.any() and (likely & matched & ~ignored).sum() == counted.sum()
    return THERE * bool(counted.any()) | EXACT * bool(right)


def _kept(images: list[Record]) -> _Matched:
    return _Matched(
        np.concatenate([one["dtScores"] for one in images]),
        np.concatenate([one["dtMatches"] for one in images], axis=1) != 0,
        np.concatenate([one["dtIgnore"] for one in images], axis=1) != 0,
        np.concatenate([one["gtIgnore"] for one in images]) != 0,
    )


def _as_one_image(matched: list[_Matched]) -> Record:
    columns = zip(*matched, strict=True)
    names = ("dtScores", "dtMatches", "dtIgnore", "gtIgnore")
    return {name: np.concatenate(one, axis=-1) for name, one in zip(names, columns, strict=True)}
