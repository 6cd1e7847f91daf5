"""What a saved model says, as its predict_configuration.yaml tells those who only predict."""

from collections.abc import Callable, Mapping
from typing import Any

from modelyard.data.manifest import Head, Manifest

OBJECTS = ["x1", "y1", "x2", "y2", "score", "class"]
ACTIVATIONS: dict[Head, str] = {
    "class": "probabilities",
    "labels": "labels",
    "number": "number",
    "boxes": "objects",
    "masks": "objects",
}
LAST: dict[Head, str | None] = {"class": "softmax", "labels": "sigmoid", "number": None}
MASKS = "instance_segmentation"


def described_output(manifest: Manifest) -> dict[str, Any]:
    """Describe what a model of this data says."""
    found: dict[str, Any] = {"activation": ACTIVATIONS[manifest.head]}
    if found["activation"] == "objects":
        found["columns"] = OBJECTS
    if manifest.classes:
        return found | {"classes": list(manifest.classes)}
    return found | {"target": manifest.settings.get("target", "value")}


def said_output(output: Mapping[str, Any], cell: Callable[[str], str], most: int = 50) -> str:
    """Say in a few words what a model answers, for its card; `cell` escapes names of classes."""
    classes = [str(name) for name in output.get("classes", [])]
    if not classes:
        return f"a number, {output.get('target', 'value')}"
    which = "any of " if output.get("activation") == ACTIVATIONS["labels"] else ""
    more = ", …" if len(classes) > most else ""
    return f"{which}{len(classes)} classes: {', '.join(map(cell, classes[:most]))}{more}"


def head_of(about: Mapping[str, Any]) -> Head:
    """Return what a described model's outputs mean."""
    activation = about["output"].get("activation", "probabilities")
    if activation == "objects":
        return "masks" if about["task"] == MASKS else "boxes"
    return next(head for head, name in ACTIVATIONS.items() if name == activation)
