"""Objects: their boxes and masks, in the image's own pixels."""

from collections.abc import Iterator
from typing import Any

from modelyard.tasks import Output
from modelyard.tasks.detections import SCORES, SHOWN, Detection, detections, runs

ROW = ("class", "probability", "x1", "y1", "x2", "y2")


def rows(output: Output) -> list[dict[str, object]]:
    """Return class, probability and box, in pixels, of each object worth showing."""
    return [row_of(one, output.classes) for one in _worth_showing(output, SCORES)]


def answer(output: Output) -> list[dict[str, Any]]:
    """Return class, probability, box and, where there is one, mask of each object worth showing.

    `box` is x1, y1, x2, y2 in pixels; `mask` is COCO's run-length encoding, as text.
    """
    return [_answered(one, output.classes) for one in _worth_showing(output)]


def _worth_showing(output: Output, columns: int | None = None) -> Iterator[Detection]:
    """Yield what is likely to be there, by the first columns only: those of the box, or all."""
    likely = output.values[output.values[:, 4] >= SHOWN, :columns]
    return detections(likely, output.view)


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


def row_of(one: Detection, classes: list[str]) -> dict[str, object]:
    """Return class, probability and box of an object as a table row."""
    corners = (round(value, 2) for value in one.box)
    return dict(zip(ROW, (classes[one.label], round(one.score, 6), *corners), strict=True))
