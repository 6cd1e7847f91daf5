"""Tensors of the Open Inference Protocol V2: JSON, or bytes behind it, to arrays and back."""

import struct
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from modelyard.data.manifest import STRING, ArraySpec
from modelyard.errors import UserError
from modelyard.tasks.kinds.cells import has_boolean

DATATYPES = {
    "bool": "BOOL", "uint8": "UINT8", "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64",
    "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64", "float16": "FP16",
    "float32": "FP32", "float64": "FP64", STRING: "BYTES",
}  # fmt: skip
SIZE = "binary_data_size"  # of a tensor whose bytes follow the JSON
LENGTH = 4  # bytes before each text that say how long it is


def metadata(name: str, spec: ArraySpec) -> dict[str, Any]:
    """Return what the protocol says of an input; -1 is any size, the first is the batch."""
    shape = [-1 if size is None else size for size in spec.shape]
    return {"name": name, "datatype": DATATYPES[spec.dtype], "shape": [-1, *shape]}


def array_of(tensor: Mapping[str, Any], spec: ArraySpec, binary: bytes | None) -> np.ndarray:
    """Return a tensor of a request as an array (batch, *shape); texts are bytes.

    Args:
        tensor: `name`, `shape`, `datatype` and, unless it is binary, `data`.
        spec: what the model takes by that name.
        binary: its bytes in the binary extension; None where it is JSON.

    Raises:
        UserError: it is not what the model takes.
    """
    name, wanted = tensor["name"], metadata(tensor["name"], spec)
    if tensor.get("datatype") != wanted["datatype"]:
        raise UserError(
            f"The input {name!r} must have the datatype {wanted['datatype']}, not "
            f"{str(tensor.get('datatype'))[:20]!r}."
        )
    shape = _shape(tensor, wanted["shape"])
    found = _of_json(tensor, spec) if binary is None else _of_bytes(name, spec, binary)
    flat = found.reshape(-1)
    if flat.size != prod(shape):
        raise UserError(
            f"The input {name!r} needs {prod(shape)} values for its shape {shape}, not {flat.size}."
        )
    return flat.reshape(shape)


def document_of(name: str, values: np.ndarray) -> dict[str, Any]:
    """Return an output as JSON, its values in one list."""
    return {
        "name": name,
        "datatype": DATATYPES[values.dtype.name],
        "shape": [*values.shape],
        "data": values.reshape(-1).tolist(),
    }


def _shape(tensor: Mapping[str, Any], wanted: list[int]) -> list[int]:
    shape = tensor.get("shape")
    fits = (
        isinstance(shape, list)
        and len(shape) == len(wanted)
        and all(type(size) is int and size > 0 for size in shape)
        and all(want in (-1, size) for want, size in zip(wanted, shape, strict=True))
    )
    if not fits:
        raise UserError(
            f"The input {tensor['name']!r} must have the shape {wanted}, in which -1 is any size "
            "from 1."
        )
    return list(shape or [])


def _of_json(tensor: Mapping[str, Any], spec: ArraySpec) -> np.ndarray:
    """Return `data`, which is flat or nested, as an array of the dtype."""
    name = tensor["name"]
    if not isinstance(tensor.get("data"), list):
        raise UserError(f"The input {name!r} has no list `data`.")
    try:
        found = np.array(tensor["data"], object if spec.dtype == STRING else None)
    except ValueError:  # lists that differ in length
        raise UserError(f"The lists in `data` of the input {name!r} differ in length.") from None
    if spec.dtype == STRING:
        return _encoded(name, found)
    is_bool = spec.dtype == "bool"
    kinds = "b" if is_bool else "iuf"
    if found.dtype.kind not in kinds or (not is_bool and has_boolean(tensor["data"])):
        raise UserError(f"`data` of the input {name!r} is not {DATATYPES[spec.dtype]} throughout.")
    with np.errstate(all="ignore"):
        cast = found.astype(spec.dtype)
    if cast.dtype.kind in "iu" and (cast != found).any():
        value = found[cast != found].flat[0]
        raise UserError(
            f"The input {name!r} has the value {value}, which is not {DATATYPES[spec.dtype]}."
        )
    if cast.dtype.kind == "f" and not np.isfinite(cast).all():
        raise UserError(
            f"The input {name!r} has a value that is too large for {DATATYPES[spec.dtype]}."
        )
    return cast


def _encoded(name: str, found: np.ndarray) -> np.ndarray:
    if not all(isinstance(one, str) for one in found.flat):
        raise UserError(f"`data` of the input {name!r} is not text throughout.")
    try:
        found.reshape(-1)[:] = [one.encode() for one in found.flat]
    except UnicodeEncodeError:
        raise UserError(f"The input {name!r} has half a character, such as \\ud800.") from None
    return found


def _of_bytes(name: str, spec: ArraySpec, binary: bytes) -> np.ndarray:
    """Return little-endian values, or texts each behind its length, as an array."""
    if spec.dtype == STRING:
        return _texts(name, binary)
    dtype = np.dtype(spec.dtype).newbyteorder("<")
    if len(binary) % dtype.itemsize:
        raise UserError(f"The input {name!r} has {len(binary)} bytes, which end within a value.")
    return np.frombuffer(binary, dtype).astype(spec.dtype)


def _texts(name: str, binary: bytes) -> np.ndarray:
    found, place = [], 0
    while place < len(binary):
        start = place + LENGTH
        size = struct.unpack_from("<I", binary, place)[0] if start <= len(binary) else len(binary)
        place = start + size
        if place > len(binary):
            raise UserError(f"The input {name!r} ends within a text or its length.")
        found.append(binary[start:place])
    try:
        for text in found:
            text.decode()
    except UnicodeDecodeError:
        raise UserError(f"The input {name!r} has a text that is not UTF-8.") from None
    array = np.empty(len(found), object)
    array[:] = found
    return array
