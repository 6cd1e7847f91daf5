"""Pictures of what was predicted: how sure a classifier may be, how far numbers are off."""

from collections.abc import Mapping, Sequence
from typing import Any

from .pictures import COLOURS, Rows, Spec

BINS = 10  # of probabilities
MOST_POINTS = 2000  # of a picture
WIDTH, HEIGHT = 290, 220


def is_number(rows: Rows) -> bool:
    """Say whether predictions are numbers, with their errors."""
    return bool(rows) and "error" in rows[0]


def calibration(rows: Rows) -> Spec:
    """Return how often predictions of each probability are right; on the line is as often as said.

    Rows have `actual`, `predicted` and the `probability` of what is predicted.
    """
    sure = [(float(row["probability"]), row["actual"] == row["predicted"]) for row in rows]
    points = [_bin(sure, number) for number in range(BINS)]
    unit = {"type": "quantitative", "scale": {"domain": [0, 1]}}
    size = {"field": "examples", "type": "quantitative", "title": "examples",
            "scale": {"range": [20, 200]}}  # fmt: skip
    panel = _panel(
        "How often what is said is right",
        [point for point in points if point],
        {"type": "point", "filled": True, "color": COLOURS["train"], "opacity": 1},
        (
            {"field": "probability", "title": "probability said", **unit},
            {"field": "right", "title": "share that is right", **unit},
        ),
        [0, 1],
    )
    panel["layer"][1]["encoding"]["size"] = size
    return panel


def residuals(rows: Rows) -> Spec:
    """Return predicted by actual numbers, and their errors by what is predicted."""
    step = -(-len(rows) // MOST_POINTS) or 1
    points = [
        {key: float(row[key]) for key in ("actual", "predicted", "error")} for row in rows[::step]
    ]
    known = [point[key] for point in points for key in ("actual", "predicted")]
    low, high = min(known), max(known)
    dots = {"type": "point", "filled": True, "size": 25, "color": COLOURS["train"], "opacity": 0.6}
    free = {"type": "quantitative", "scale": {"zero": False}}
    said = {"field": "predicted", "title": "predicted", **free}
    actual = {"field": "actual", "title": "actual", **free}
    error = {"field": "error", "title": "predicted minus actual", **free}
    return {
        "hconcat": [
            _panel("Predicted by actual", points, dots, (actual, said), [low, high]),
            _panel("Error by predicted", points, dots, (said, error), None),
        ]
    }


def _bin(sure: Sequence[tuple[float, bool]], number: int) -> dict[str, float]:
    """Return a bin of probabilities: their mean, the share that is right, how many; or nothing."""
    found = [pair for pair in sure if min(int(pair[0] * BINS), BINS - 1) == number]
    if not found:
        return {}
    count = len(found)
    return {
        "probability": sum(chance for chance, _ in found) / count,
        "right": sum(right for _, right in found) / count,
        "examples": count,
    }


def _panel(
    title: str,
    points: Sequence[Mapping[str, Any]],
    mark: Spec,
    axes: tuple[Spec, Spec],
    diagonal: Sequence[float] | None,
) -> Spec:
    """Return points above a line of what would be right: the diagonal, or an error of 0."""
    if diagonal:
        line = {"data": {"values": [{"at": value} for value in diagonal]}, "mark": "line",
                "encoding": {"x": {"field": "at", "type": "quantitative"},
                             "y": {"field": "at", "type": "quantitative"}}}  # fmt: skip
    else:
        line = {"data": {"values": [{"at": 0}]}, "mark": "rule",
                "encoding": {"y": {"field": "at", "type": "quantitative"}}}  # fmt: skip
    kind = line["mark"]
    line["mark"] = {"type": kind, "color": "#999", "strokeDash": [4, 3]}
    dots = {"data": {"values": [*points]}, "mark": mark, "encoding": {"x": axes[0], "y": axes[1]}}
    return {"title": title, "width": WIDTH, "height": HEIGHT, "layer": [line, dots]}
