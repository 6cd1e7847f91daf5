"""JSON schemas of what examples are made of, for the server's description of itself."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelyard.data.manifest import STRING, ArraySpec
from modelyard.data.table.values import FALSE, TRUE

from .table_cells import DescribedColumn

Schema = dict[str, Any]

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?"  # with larger exponents it may be infinite


def object_schema(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    """Return the schema of an object that has these keys and no other."""
    found = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return found | ({"required": [*required]} if required else {})


def array_schema(spec: ArraySpec) -> Schema:
    """Return the schema of one example of an input: a value, or lists of lists of its shape."""
    found = _value_schema(spec.dtype)
    for size in reversed(spec.shape):
        bounds = {"minItems": 1} if size is None else {"minItems": size, "maxItems": size}
        found = {"type": "array", "items": found, **bounds}
    return found


def column_schema(column: DescribedColumn, missing: Sequence[str]) -> Schema:
    """Return the schema of a cell of a row; texts are read as in a CSV file."""
    found: Schema = {"type": ["string", "number", "boolean", "null"]}
    if column.type == "number":
        found = {"anyOf": [{"type": "number"}, _texts(NUMBER)]}
    elif column.type == "boolean":
        words = "|".join([*TRUE, *FALSE, "[01]", r"[01]\.0"])
        found = {"anyOf": [{"type": "boolean"}, {"enum": [0, 1]}, _texts(_any_case(words))]}
    elif column.type == "date":
        said = f"A date as ISO 8601 has it, or in the format {column.format}."
        found = {"type": "string", "format": "date", "description": said}
    if column.type != "category":
        if not column.required:
            found = {"anyOf": [found, {"enum": [None, "", *missing]}]}
    elif column.required:
        found |= {"type": found["type"][:-1], "not": {"enum": [*missing]}}
        found |= {"pattern": r"\S"}
    return found | ({"examples": [column.example]} if column.example is not None else {})


def _value_schema(dtype: str) -> Schema:
    if dtype == STRING:
        return {"type": "string"}
    if dtype == "bool":
        return {"type": "boolean"}
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        return {"type": "integer", "minimum": int(limits.min), "maximum": int(limits.max)}
    known = np.finfo(dtype)
    largest = float(known.max)
    beyond = largest + 2.0 ** (known.maxexp - known.nmant - 2)  # from here on it is infinite
    if not math.isfinite(beyond):
        return {"type": "number", "minimum": -largest, "maximum": largest}
    return {"type": "number", "exclusiveMinimum": -beyond, "exclusiveMaximum": beyond}


def _texts(pattern: str) -> Schema:
    return {"type": "string", "pattern": rf"^\s*({pattern})\s*$"}


def _any_case(words: str) -> str:
    return "".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in words)
