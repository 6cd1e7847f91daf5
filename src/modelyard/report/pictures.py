"""Pictures for a report: Vega-Lite drawn by vl-convert, without a browser or a network."""

from collections import Counter
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import vl_convert
from PIL import Image

Rows = Sequence[Mapping[str, str]]
Spec = dict[str, Any]

STYLE: Spec = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "background": "white",  # GitHub's dark mode, too
    "padding": 10,
    "config": {"axis": {"labelFontSize": 12, "titleFontSize": 13}, "title": {"fontSize": 14},
               "legend": {"labelFontSize": 12}},
}  # fmt: skip
COLOURS = {"train": "#0072b2", "validation": "#d55e00"}  # told apart by colour-blind eyes
MOST_CLASSES = 30
SCALE = 1.5
SHADES = 64
FEW = 10  # epochs; a tick for each
# Names that begin alike are told apart by their ends.
SHORT = (
    "length(datum.label) <= 22 ? datum.label"
    " : slice(datum.label, 0, 11) + '…' + slice(datum.label, -10)"
)


def png(spec: Spec) -> bytes:
    """Return a picture as the bytes of a PNG file, small enough to be committed every time."""
    drawn = BytesIO(vl_convert.vegalite_to_png(STYLE | spec, scale=SCALE))
    file = BytesIO()
    Image.open(drawn).convert("RGB").quantize(SHADES).save(file, "PNG", optimize=True)
    return file.getvalue()


def curves(history: Rows, before: Rows) -> Spec:
    """Return the loss and the first metric by epoch, the baseline's dashed."""
    names = [name for name in history[0] if not name.startswith("val_") and name != "epoch"]
    metrics = sorted(names, key=lambda name: name == "loss", reverse=True)[:2]
    panels = [_panel(name, _points(name, history, before)) for name in metrics]
    return {"hconcat": panels}


def _points(metric: str, history: Rows, before: Rows) -> list[dict[str, Any]]:
    return [
        {"epoch": int(row["epoch"]), "value": float(row[f"{prefix}{metric}"]), "split": split,
         "of": of}
        for of, rows in (("now", history), ("before", before))
        for row in rows
        for prefix, split in (("", "train"), ("val_", "validation"))
        if row.get(f"{prefix}{metric}")
    ]  # fmt: skip


def _panel(metric: str, points: list[dict[str, Any]]) -> Spec:
    last = max(point["epoch"] for point in points)
    alone = {point["epoch"] for point in points if point["of"] == "now"} == {1}
    ticks: Spec = {"tickMinStep": 1, "format": "d", "grid": False}
    if last <= FEW:
        ticks["values"] = list(range(1, last + 1))
    dashes = {"symbolType": "stroke"} if any(point["of"] == "before" for point in points) else None
    return {
        "title": metric.replace("_", " ").capitalize(),
        "width": 290,
        "height": 220,
        "data": {"values": points},
        "mark": {"type": "line", "point": alone, "strokeWidth": 2},
        "encoding": {
            "x": {"field": "epoch", "type": "quantitative", "axis": ticks,
                  "scale": {"domain": [1, last] if last > 1 else [0, 2]}, "title": "epoch"},
            "y": {"field": "value", "type": "quantitative", "title": None,
                  "scale": {"zero": False}},
            "color": {"field": "split", "type": "nominal", "title": None,
                      "scale": {"domain": list(COLOURS), "range": list(COLOURS.values())}},
            "strokeDash": {"field": "of", "type": "nominal", "title": None, "legend": dashes,
                           "scale": {"domain": ["now", "before"], "range": [[1, 0], [4, 3]]}},
            "opacity": {"field": "of", "type": "nominal", "legend": None,
                        "scale": {"domain": ["now", "before"], "range": [1, 0.5]}},
        },
    }  # fmt: skip


def confusion(predictions: Rows) -> Spec:
    """Return how often each class was taken for each, shaded by its share of the actual class."""
    counts = Counter((row["actual"], row["predicted"]) for row in predictions)
    totals = Counter(row["actual"] for row in predictions)
    names = sorted({name for pair in counts for name in pair})
    cells = [
        {
            "actual": a,
            "predicted": p,
            "examples": counts[a, p],
            "share": counts[a, p] / (totals[a] or 1),
        }
        for a in names
        for p in names
    ]
    side = max(24, min(60, 480 // len(names)))
    axis = {"labelLimit": 170, "labelExpr": SHORT}
    x = {"field": "predicted", "type": "nominal", "sort": names, "axis": axis}
    y = {"field": "actual", "type": "nominal", "sort": names, "axis": axis}
    blues = {"range": ["white", COLOURS["train"]], "domain": [0, 1], "interpolate": "rgb"}
    shade = {"field": "share", "type": "quantitative", "scale": blues, "legend": None}
    contrast = {"condition": {"test": "datum.share > 0.5", "value": "white"}, "value": "#333"}
    return {
        "title": "Test split",
        "width": {"step": side},
        "height": {"step": side},
        "data": {"values": cells},
        "layer": [
            {"mark": "rect", "encoding": {"x": x, "y": y, "color": shade}},
            {"transform": [{"filter": "datum.examples > 0"}],
             "mark": {"type": "text", "fontSize": 11},
             "encoding": {"x": x, "y": y, "text": {"field": "examples"}, "color": contrast}},
        ],
    }  # fmt: skip


def precision_recall(rows: Rows) -> Spec:
    """Return the precision by recall of boxes and masks."""
    points = [
        {"recall": float(row["recall"]), "precision": float(row["precision"]), "of": row["kind"]}
        for row in rows
    ]
    unit = {"type": "quantitative", "scale": {"domain": [0, 1]}}
    return {
        "title": "Precision and recall at an IoU of 0.5",
        "width": 290,
        "height": 220,
        "data": {"values": points},
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "x": {"field": "recall", **unit},
            "y": {"field": "precision", **unit},
            "color": {"field": "of", "type": "nominal", "title": None,
                      "scale": {"range": list(COLOURS.values())}},
        },
    }  # fmt: skip


def trials(rows: Rows, objective: str) -> Spec:
    """Return the score of each trial that has one, in the order they were proposed."""
    points = [
        {"trial": int(row["trial"]), "score": float(row["score"])} for row in rows if row["score"]
    ]
    ticks = {"tickMinStep": 1, "format": "d", "grid": False}
    return {
        "title": "Trials",
        "width": 600,
        "height": 220,
        "data": {"values": points},
        "mark": {"type": "point", "filled": True, "size": 60, "color": COLOURS["train"]},
        "encoding": {
            "x": {"field": "trial", "type": "quantitative", "axis": ticks, "title": "trial"},
            "y": {"field": "score", "type": "quantitative", "scale": {"zero": False},
                  "title": objective},
        },
    }  # fmt: skip
