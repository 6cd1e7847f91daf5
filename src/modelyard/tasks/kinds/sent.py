"""Prepared examples in the form in which somebody would send them to a server."""

import base64
import io
import math
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np
from PIL import Image

from modelyard.data.table.columns import Column
from modelyard.data.table.values import written_days

from . import Kind
from .arrays import Arrays
from .image import INPUT, Images
from .table import Table
from .text import Text


@singledispatch
def as_sent(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a prepared example as a request of JSON has it; of an image `png`, in Base64.

    Args:
        kind: of the example.
        values: by the name of the input, as prepared data has them.

    Returns:
        None where it cannot be sent so.
    """
    del kind, values
    return None


@as_sent.register
def _image(_: Images, values: Mapping[str, Any]) -> dict[str, Any]:
    pixels, file = np.asarray(values[INPUT]), io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "png")
    return {"png": base64.b64encode(file.getvalue()).decode()}


@as_sent.register
def _text(_: Text, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": _decoded(values["text"])}


@as_sent.register
def _row(kind: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells of a row by column, without those that are missing."""
    numbers, texts = iter(values.get("numbers", ())), iter(values.get("categories", ()))
    cells = {
        one.name: _decoded(next(texts)) if one.is_category else _cell(one, float(next(numbers)))
        for one in kind.columns.all
    }
    return {name: cell for name, cell in cells.items() if cell not in ("", None)}


@as_sent.register
def _arrays(_: Arrays, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the arrays as lists; None where one has NaN or infinity, which JSON cannot say."""
    numbers = (np.asarray(one) for one in values.values())
    if not all(np.isfinite(one).all() for one in numbers if one.dtype.kind == "f"):
        return None
    return {name: _listed(value) for name, value in values.items()}


def _cell(column: Column, number: float) -> Any:
    """Return a number as JSON; None where it is missing."""
    if math.isnan(number):
        return None
    if column.type == "boolean":
        return number > 0
    if column.type == "date":
        return written_days(number, column.format)
    return int(number) if number.is_integer() else number


def _listed(value: Any) -> Any:
    if isinstance(value, bytes | str):
        return _decoded(value)
    found = np.asarray(value)
    if found.dtype == object:
        return [_listed(one) for one in found]
    return found.tolist()


def _decoded(text: bytes | str) -> str:
    return text if isinstance(text, str) else bytes(text).decode(errors="replace")
