"""The JSON schema of what a model answers, by what its predict_configuration.yaml says."""

from collections.abc import Mapping
from typing import Any

from .outputs import MASKS

SHARE = {"type": "number", "description": "From 0 to 1."}
CORNERS = 4


def answer_schema(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of `Task.answer` for a described model."""
    output = about["output"]
    classes = [str(name) for name in output.get("classes", [])]
    activation = output.get("activation", "probabilities")
    if activation == "number":
        target = {"const": output.get("target", "value")}
        return _list({"target": target, "value": {"type": "number"}}, 1)
    found: dict[str, Any] = {"class": {"type": "string", "enum": classes}, "probability": SHARE}
    if activation != "objects":
        return _list(found, len(classes))
    found["box"] = _numbers(CORNERS, "x1, y1, x2, y2 in pixels of the image.")
    if about["task"] == MASKS:
        found["mask"] = _object(
            {"size": _numbers(2, "Height, width."), "counts": {"type": "string"}}
        )
        found["mask"]["description"] = "COCO's run-length encoding."
    return _list(found)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": [*properties],
        "additionalProperties": False,
    }  # fmt: skip


def _list(properties: dict[str, Any], count: int | None = None) -> dict[str, Any]:
    bounds = {} if count is None else {"minItems": count, "maxItems": count}
    return {"type": "array", "items": _object(properties), **bounds}


def _numbers(count: int, description: str) -> dict[str, Any]:
    numbers = {"type": "array", "items": {"type": "number"}, "description": description}
    return numbers | {"minItems": count, "maxItems": count}
