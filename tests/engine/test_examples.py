"""What the page offers to try: a few test examples, and how images of that kind are drawn."""

import base64
import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image, ImageDraw

from modelyard.data.manifest import read_manifest
from modelyard.data.rows import open_rows
from modelyard.files import write_yaml
from modelyard.serving.examples import examples_of
from modelyard.serving.predicting import Predicting
from modelyard.serving.strokes import strokes_of
from modelyard.tasks.kinds import Kind, kind_of
from modelyard.tasks.kinds.sent import as_sent

from .tiny import MODEL, PROCESSED

COLUMNS: list[dict[str, Any]] = [
    {"name": "age", "type": "number"},
    {"name": "city", "type": "category"},
    {"name": "smoker", "type": "boolean"},
    {"name": "visit", "type": "date", "format": "%d.%m.%Y"},
    {"name": "children", "type": "number"},
]
TABLE = kind_of(
    {
        "input": {
            "kind": "table",
            "columns": [{**one, "required": False} for one in COLUMNS],
            "missing": ["NA"],
            "target": "sum",
        }
    }
)
TEXT = kind_of({"input": {"kind": "text"}})
ARRAYS = kind_of(
    {
        "input": {"kind": "arrays"},
        "inputs": {
            "steps": {"shape": [2, 2], "dtype": "float32"},
            "note": {"shape": [1], "dtype": "string"},
        },
    }
)
CELLS = {"age": 41.5, "city": "Zoë", "smoker": True, "visit": "28.02.2026", "children": 2}


def known(**about: Any) -> Predicting:
    """Return what stands for a model of the prepared stripes."""
    manifest = read_manifest(PROCESSED)
    kind, classes = kind_of(manifest), manifest.classes
    return cast("Predicting", SimpleNamespace(**{
        "folder": MODEL, "kind": kind, "classes": classes, **about
    }))  # fmt: skip


def record(data: str = str(PROCESSED)) -> None:
    write_yaml(MODEL / "train_configuration.yaml", {"config": {"input_paths": {"data": data}}})


@pytest.mark.usefixtures("workspace")
def test_two_test_images_of_each_class_are_offered_as_they_were_prepared() -> None:
    assert examples_of(known()) == {"examples": []}  # nothing says which data it is
    record()
    model = known()
    found = examples_of(model)
    assert found == examples_of(model)
    assert examples_of(model, offered=False) == found | {"examples": []}
    labels = [one["label"] for one in found["examples"]]
    assert labels == sorted(2 * model.classes)
    manifest = read_manifest(PROCESSED)
    images = open_rows(PROCESSED, "test", "images", manifest.spec("images"))[:]
    classes = open_rows(PROCESSED, "test", "labels", manifest.spec("labels"))[:]
    known_images = {
        (image.tobytes(), manifest.classes[label])
        for image, label in zip(images, classes, strict=True)
    }
    for one in found["examples"]:
        given = model.kind.decode(base64.b64decode(one["given"]["png"]), "image/png")
        assert (given.values["images"].tobytes(), one["label"]) in known_images


@pytest.mark.usefixtures("workspace")
def test_data_of_another_form_or_place_is_not_shown() -> None:
    record()
    assert examples_of(known(classes=["cat", "dog"])) == {"examples": []}
    assert examples_of(known(kind=TEXT)) == {"examples": []}
    for file in PROCESSED.glob("test_images*"):
        file.write_bytes(b"damaged")
    assert examples_of(known()) == {"examples": []}
    for elsewhere in ("data/processed/none", "..", "/"):
        record(elsewhere)
        assert examples_of(known()) == {"examples": []}
    write_yaml(MODEL / "train_configuration.yaml", {"config": []})
    assert examples_of(known()) == {"examples": []}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (TABLE, CELLS),
        (TABLE, {"age": 1}),
        (TEXT, {"text": "def zoë():\n\tpass"}),
        (ARRAYS, {"steps": [[0.5, 1], [2, 3]], "note": ["Zoë"]}),
    ],
)
def test_what_was_sent_is_sent_again(kind: Kind, sent: dict[str, Any]) -> None:
    given = kind.decode(json.dumps(sent).encode(), "application/json")
    assert as_sent(kind, given.values) == sent


def test_what_json_cannot_say_is_left_out() -> None:
    values = {"steps": np.full((2, 2), np.nan, np.float32), "note": [b"a"]}
    assert as_sent(ARRAYS, values) is None


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("side", "line"), [(28, 3), (64, 6)])
def test_how_images_are_drawn_is_measured(*, dark: bool, side: int, line: int) -> None:
    """Rectangles of 16 x 20 parts of 28, drawn four times as fine."""
    fine = 4
    images = []
    for shift in range(-3, 4):
        image = Image.new("L", (side * fine, side * fine))
        box = [round(side * fine * part / 28) + shift for part in (6, 4, 22, 24)]
        ImageDraw.Draw(image).rectangle(box, outline=255, width=line * fine)
        images.append(np.asarray(image.resize((side, side), Image.Resampling.BOX)))
    found = strokes_of((255 - np.array(images) if dark else np.array(images))[..., None])
    assert found
    assert found["dark"] is dark
    assert found["width"] == pytest.approx(16 / 28, abs=0.03)
    assert found["height"] == pytest.approx(20 / 28, abs=0.03)
    assert found["line"] == pytest.approx(line / side, rel=0.3)


def test_photographs_are_not_drawings() -> None:
    random = np.random.default_rng(0)
    assert strokes_of(random.integers(0, 256, (20, 16, 16, 1), np.uint8)) is None
    assert strokes_of(np.zeros((4, 8, 8, 1), np.uint8)) is None
    assert strokes_of(np.zeros((0, 8, 8, 1), np.uint8)) is None
