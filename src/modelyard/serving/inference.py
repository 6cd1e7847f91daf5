"""The Open Inference Protocol V2: requests of tensors by name, and the model's raw outputs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson

from modelyard.data.manifest import ArraySpec, Specs
from modelyard.errors import UserError, did_you_mean
from modelyard.tasks.kinds import Given, Kind
from modelyard.tasks.kinds.bodies import json_object

from .predicting import Predicting
from .tensors import SIZE, array_of, document_of, metadata

EXTENSIONS = ["binary_tensor_data"]
HEADER = "inference-header-content-length"  # how much of the body is JSON; bytes follow
PLATFORMS = {".keras": "keras", ".tflite": "tflite"}  # any other is an adapter's
OUTPUT = "predictions"
HOW = "send the JSON of an inference request of the Open Inference Protocol V2"


class Wanted(NamedTuple):
    """A request: its examples, its own `id`, and whether the answer is to be bytes."""

    givens: list[Given]
    id: str | None
    binary: bool


def server_metadata(version: str) -> dict[str, Any]:
    """Return what GET /v2 answers."""
    return {"name": "modelyard", "version": version, "extensions": EXTENSIONS}


def model_metadata(name: str, predictor: Predicting, version: str | None) -> dict[str, Any]:
    """Return what GET /v2/models/NAME answers."""
    inputs = [metadata(*one) for one in predictor.kind.inputs.items()]
    output = metadata(OUTPUT, _output_spec(predictor))
    platform = PLATFORMS.get(predictor.file.suffix, "python")
    found = {"name": name, "platform": platform, "inputs": inputs, "outputs": [output]}
    return found | ({"versions": [version]} if version else {})


def read_request(body: bytes, json_length: str | None, kind: Kind) -> Wanted:
    """Return what a request asks for.

    Args:
        body: JSON, and behind it the bytes of the inputs that say `binary_data_size`.
        json_length: how many of its bytes are JSON, the header of the binary extension.
        kind: what the model takes.

    Raises:
        UserError: it is not a request, or not one for this model.
    """
    length = _length(json_length, len(body))
    document, rest = json_object(body[:length], HOW), body[length:]
    number = document.get("id")
    if "id" in document and not isinstance(number, str):
        raise UserError("`id` must be a text.")
    arrays = _arrays(document.get("inputs"), kind.inputs, rest)
    sizes = {len(array) for array in arrays.values()}
    if len(sizes) > 1:
        raise UserError("The inputs differ in the first size of their shapes, the batch.")
    givens = [
        Given({name: array[place] for name, array in arrays.items()}) for place in range(*sizes)
    ]
    return Wanted(givens, number, _is_binary(document))


def response(name: str, version: str | None, wanted: Wanted, values: np.ndarray) -> dict[str, Any]:
    """Return the answer as a document; `values` are (batch, …)."""
    found: dict[str, Any] = {"model_name": name, "outputs": [document_of(OUTPUT, values)]}
    found |= {"model_version": version} if version else {}
    return found | ({"id": wanted.id} if wanted.id is not None else {})


def encoded(document: dict[str, Any], values: np.ndarray, *, binary: bool) -> tuple[bytes, int]:
    """Return an answer's bytes, and how many of them are JSON."""
    if not binary:
        body = orjson.dumps(document)
        return body, len(body)
    raw = values.astype(values.dtype.newbyteorder("<")).tobytes()
    output = {key: one for key, one in document["outputs"][0].items() if key != "data"}
    head = orjson.dumps(document | {"outputs": [output | {"parameters": {SIZE: len(raw)}}]})
    return head + raw, len(head)


def _output_spec(predictor: Predicting) -> ArraySpec:
    output = predictor.about["output"]
    if columns := output.get("columns"):
        masks = predictor.about["task"] == "instance_segmentation"
        return ArraySpec(shape=(None, None if masks else len(columns)), dtype="float32")
    return ArraySpec(shape=(len(predictor.classes) or 1,), dtype="float32")


def _length(text: str | None, size: int) -> int:
    if text is None:
        return size
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(size))):
        raise UserError(f"{HEADER} must be a number of bytes up to those of the body.")
    return int(text)


def _arrays(tensors: Any, specs: Specs, rest: bytes) -> dict[str, np.ndarray]:
    if not isinstance(tensors, list) or not all(isinstance(one, dict) for one in tensors):
        raise UserError(f"The JSON has no list `inputs` of tensors: {HOW}.")
    names = [one.get("name") for one in tensors]
    for name in names:
        if not isinstance(name, str) or name not in specs:
            hint = did_you_mean(name, specs) if isinstance(name, str) else ""
            raise UserError(
                f"The model has no input {str(name)[:80]!r}{hint}; it has {', '.join(specs)}."
            )
    if wrong := [name for name in specs if names.count(name) != 1]:
        raise UserError(f"The input {wrong[0]!r} must be there once.")
    found: dict[str, np.ndarray] = {}
    for tensor in tensors:
        size = _parameters(tensor).get(SIZE)
        if size is not None and not (type(size) is int and 0 <= size <= len(rest)):
            raise UserError(f"{SIZE} of the input {tensor['name']!r} is more than was sent.")
        binary, rest = (None, rest) if size is None else (rest[:size], rest[size:])
        found[tensor["name"]] = array_of(tensor, specs[tensor["name"]], binary)
    if rest:
        raise UserError(f"{len(rest)} bytes behind the JSON belong to no input.")
    return found


def _is_binary(document: Mapping[str, Any]) -> bool:
    """Say whether the output is wanted as bytes."""
    asked = _parameters(document).get("binary_data_output", False)
    outputs = document.get("outputs", [])
    if not isinstance(outputs, list) or not all(isinstance(one, dict) for one in outputs):
        raise UserError("`outputs` must be a list of outputs by name.")
    for one in outputs:
        if one.get("name") != OUTPUT:
            raise UserError(
                f"The model has no output {str(one.get('name'))[:80]!r}, only {OUTPUT}."
            )
        asked = _parameters(one).get("binary_data", asked)
    if not isinstance(asked, bool):
        raise UserError("`binary_data` and `binary_data_output` must be true or false.")
    return asked


def _parameters(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = document.get("parameters", {})
    if not isinstance(found, dict):
        raise UserError("`parameters` must be an object.")
    return found
