"""Values of arrays: from JSON, files or cells of a table to what an input takes."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.config.image_section import ImageReading
from modelyard.data.images import MODES, read_image
from modelyard.data.manifest import STRING, ArraySpec
from modelyard.errors import UserError
from modelyard.faults import machine_fault

IMAGE_AXES = 3
BYTES = ("int8", "uint8", "int16", "uint16")  # whose limits are worth telling


def value_of(name: str, raw: Any, spec: ArraySpec) -> Any:
    """Return what JSON or NumPy has for an input: an array of its shape and dtype, or a text.

    Raises:
        UserError: it is of another type or shape, or has a value that the dtype cannot hold.
    """
    if spec.dtype == STRING:
        return _texts(name, raw, spec)
    try:
        found = np.asarray(raw)
    except ValueError:  # lists of lists that differ in length
        found = np.empty(0, object)
    is_bool = spec.dtype == "bool"
    if found.dtype.kind not in ("b" if is_bool else "iuf") or (not is_bool and has_boolean(raw)):
        raise UserError(f"{name!r} is not {wanted(spec)}")
    _check_shape(name, found, spec)
    with np.errstate(all="ignore"):
        cast = found.astype(spec.dtype)
    if cast.dtype.kind in "iu":
        wrong = found[cast != found]
    else:
        wrong = found[np.isfinite(found) & ~np.isfinite(cast)]
    if wrong.size:
        raise UserError(f"{name!r} has the value {wrong.flat[0]}, which is not {spec.dtype}")
    return cast


def has_boolean(raw: Any) -> bool:
    """Say whether there is true or false among lists of numbers, which NumPy takes for 1 or 0."""
    if not isinstance(raw, list):
        return isinstance(raw, bool)
    types = {*map(type, raw)}
    return bool in types or (list in types and any(map(has_boolean, raw)))


def cell_value(name: str, cell: Any, spec: ArraySpec, folder: Path) -> Any:
    """Return what a cell of a table has for an input: JSON, a text, or the path of a file.

    Args:
        name: of the input.
        cell: a text, or of JSON lines any value.
        spec: of the input.
        folder: what paths are relative to: an array as .npy, or an image where it is uint8.

    Raises:
        UserError: it cannot be read, or does not fit the input.
    """
    if not isinstance(cell, str) or (spec.dtype == STRING and not spec.shape):
        return value_of(name, cell, spec)
    try:
        return value_of(name, json.loads(cell), spec)
    except (ValueError, RecursionError):
        return _file_value(name, folder / cell.strip(), spec)


def array_of(file: Path) -> Any:
    """Return what an .npy file holds, or an .npz file by name.

    Raises:
        UserError: it is missing, damaged, or holds Python objects.
    """
    try:
        found = np.load(file, allow_pickle=False)
        return found if isinstance(found, np.ndarray) else dict(found)
    except FileNotFoundError:
        raise UserError(f"{file} does not exist") from None
    except Exception as error:  # a damaged file makes NumPy raise errors of many kinds
        if machine_fault(error):
            raise
        raise UserError(f"{file} cannot be read as an array ({error})") from None


def wanted(spec: ArraySpec) -> str:
    """Return what an input takes, for a sentence."""
    one, several = _nouns(spec)
    if not spec.shape:
        return one
    sizes = ", ".join("any" if size is None else str(size) for size in spec.shape)
    return f"{several} of the shape ({sizes})"


def _nouns(spec: ArraySpec) -> tuple[str, str]:
    """Return what one value of an input is, and what several are."""
    if spec.dtype == STRING:
        return "a text", "texts"
    if spec.dtype == "bool":
        return "true or false", "true or false"
    if spec.dtype in BYTES:
        low, high = np.iinfo(spec.dtype).min, np.iinfo(spec.dtype).max
        return f"a number from {low} to {high}", f"numbers from {low} to {high}"
    whole = "whole " if np.dtype(spec.dtype).kind in "iu" else ""
    return f"a {whole}number", f"{whole}numbers"


def _texts(name: str, raw: Any, spec: ArraySpec) -> Any:
    """Return a text as bytes, or texts as an array of them."""
    cells = np.array(raw, object)
    flat = cells.reshape(-1)
    if not all(isinstance(one, str | bytes) for one in flat):
        raise UserError(f"{name!r} is not {wanted(spec)}")
    _check_shape(name, cells, spec)
    try:
        flat[:] = [one.encode() if isinstance(one, str) else one for one in flat]
    except UnicodeEncodeError:
        raise UserError(f"{name!r} has half a character, such as \\ud800") from None
    return cells if spec.shape else flat[0]


def _check_shape(name: str, found: np.ndarray, spec: ArraySpec) -> None:
    fits = len(found.shape) == len(spec.shape) and all(
        size in (None, given) for size, given in zip(spec.shape, found.shape, strict=True)
    )
    if not fits or 0 in found.shape:
        raise UserError(f"{name!r} has the shape {found.shape}, which is not {wanted(spec)}")


def _file_value(name: str, file: Path, spec: ArraySpec) -> Any:
    if file.suffix.lower() == ".npy":
        return value_of(name, array_of(file), spec)
    if _is_image(spec):
        return read_image(file, ImageReading.of(spec.shape, {}))  # type: ignore[arg-type]
    raise UserError(f"{name!r} is not {wanted(spec)}, nor an .npy file of them")


def _is_image(spec: ArraySpec) -> bool:
    known = len(spec.shape) == IMAGE_AXES and None not in spec.shape
    return known and spec.dtype == "uint8" and spec.shape[-1] in MODES
