"""The paths of the Open Inference Protocol V2 in /openapi.json."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .inference import OUTPUT, model_metadata
from .operations import JSON, Document, answers, read
from .predicting import Predicting

TEXT = {"type": "string"}
OBJECT = {"type": "object"}
SIZES = {"type": "array", "items": {"type": "integer"}}
VALUES = {
    "BYTES": {"type": "string"},
    "BOOL": {"type": "boolean"},
    "FP16": {"type": "number"},
    "FP32": {"type": "number"},
    "FP64": {"type": "number"},
}


def inference_paths(models: Mapping[str, Predicting]) -> Document:
    """Return the paths by what they answer; those with a version are left out."""
    found: Document = {
        "/v2": {"get": _read("v2", "The server", "name", "version", "extensions")},
        "/v2/health/live": {"get": _read("v2_live", "Whether the process lives", "live")},
        "/v2/health/ready": {"get": _read("v2_ready", "Whether to send requests", "ready")},
    }
    for name, predictor in models.items():
        path, about = f"/v2/models/{quote(name, safe='@')}", model_metadata(name, predictor, None)
        keys = ("name", "platform", "inputs", "outputs")
        found[path] = {"get": _read(f"v2_{name}", "Its inputs and outputs", *keys)}
        found[f"{path}/ready"] = {"get": _read(f"v2_{name}_ready", "Whether it is ready", "ready")}
        found[f"{path}/infer"] = {"post": _infer(f"v2_{name}_infer", about)}
    return found


def _read(name: str, summary: str, *keys: str) -> Document:
    return read(name, summary, {JSON: {"schema": {"type": "object", "required": [*keys]}}})


def _infer(name: str, about: Mapping[str, Any]) -> Document:
    return {
        "operationId": name,
        "summary": "The model's raw outputs",
        "description": "`data` is flat or nested; binary tensors may follow the JSON instead.",
        "requestBody": {"required": True, "content": {JSON: {"schema": _request(about)}}},
        "responses": answers({JSON: {"schema": _response()}}, 400, 408, 413, 415),
    }


def _request(about: Mapping[str, Any]) -> Document:
    tensors = [_tensor(one) for one in about["inputs"]]
    count: Document = {"minItems": len(tensors), "maxItems": len(tensors)}
    if len(tensors) > 1:
        count["allOf"] = [{"contains": {"properties": {"name": {"const": one["name"]}}}}
                          for one in about["inputs"]]  # fmt: skip
    names = {"type": "object", "required": ["name"], "properties": {"name": {"const": OUTPUT}}}
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": TEXT,
            "parameters": OBJECT,
            "inputs": {"type": "array", "items": {"anyOf": tensors}, **count},
            "outputs": {"type": "array", "items": names},
        },
    }


def _tensor(about: Mapping[str, Any]) -> Document:
    """Return the schema of an input; no schema can say how many values `data` must have."""
    sizes = [{"const": size} if size > 0 else {"type": "integer", "minimum": 1} for size in
             about["shape"]]  # fmt: skip
    value = VALUES.get(about["datatype"], {"type": "integer"})
    data = {"type": "array", "items": {"anyOf": [value, {"type": "array"}]}, "minItems": 1}
    shape = {"type": "array", "prefixItems": sizes, "minItems": len(sizes), "maxItems": len(sizes)}
    return {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"const": about["name"]},
            "datatype": {"const": about["datatype"]},
            "shape": shape,
            "data": data,
            "parameters": OBJECT,
        },
    }


def _response() -> Document:
    tensor = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": TEXT, "datatype": TEXT, "shape": SIZES,
            "data": {"type": "array", "items": {"type": "number"}},
        },
    }  # fmt: skip
    return {
        "type": "object",
        "required": ["model_name", "outputs"],
        "properties": {
            "model_name": TEXT, "model_version": TEXT, "id": TEXT,
            "outputs": {"type": "array", "items": tensor},
        },
    }  # fmt: skip
