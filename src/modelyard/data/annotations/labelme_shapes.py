"""LabelMe's shapes as objects: boxes, polygons, masks."""

import math
from collections.abc import Callable
from typing import Any

from .exact import is_number
from .label_files import Size, bounds
from .labelme_masks import bitmap_runs
from .listing import Object
from .shapes import ellipse

TWO, THREE, FOUR = 2, 3, 4  # points


class ShapeError(Exception):
    """Why a shape cannot be used."""


def to_object(shape: Any, size: Callable[[], Size | None]) -> Object:
    """Return the object that a shape is, in an image whose size is asked for if it matters.

    Raises:
        ShapeError, MaskError: why it cannot be used.
    """
    if not isinstance(shape, dict):
        raise ShapeError("it is not a mapping with label and points")
    label = str(shape.get("label") or "").strip()
    if not label:
        raise ShapeError("it has no label")
    kind = shape.get("shape_type") or "polygon"
    points = _points(shape.get("points"))
    if kind == "rectangle":
        return Object(label, _rectangle(points))
    if kind == "circle":
        points = _circle(points)
    elif kind == "mask":
        box, runs = bitmap_runs(shape.get("mask"), points, size())
        return Object(label, box, runs)
    elif kind != "polygon":
        raise ShapeError(
            f"it is a {kind}, which is not read; draw a rectangle, a polygon or a circle"
        )
    if len(points) < THREE:
        raise ShapeError(f"it is a polygon of {len(points)} points; three are needed")
    polygon = [value for point in points for value in point]
    return Object(label, bounds([polygon]), [polygon])


def _points(points: Any) -> list[tuple[float, float]]:
    if not isinstance(points, list) or not all(
        isinstance(one, list) and len(one) == TWO and all(map(is_number, one)) for one in points
    ):
        raise ShapeError("its points are not a list of x, y in pixels")
    return [(x, y) for x, y in points]


def _rectangle(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return the box of two opposite corners, or of all four."""
    box = bounds([[value for point in points for value in point]]) if points else (0, 0, 0, 0)
    corners = {(x, y) for x in box[::2] for y in box[1::2]}
    if len(points) == TWO or (len(points) == FOUR and set(points) == corners):
        return box
    raise ShapeError(f"it is a rectangle of {len(points)} points; two opposite corners are needed")


def _circle(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) != TWO:
        raise ShapeError(f"it is a circle of {len(points)} points; centre and edge are needed")
    center, edge = points
    radius = math.dist(center, edge)
    flat = ellipse(center, (radius, radius))
    return list(zip(flat[::2], flat[1::2], strict=True))
