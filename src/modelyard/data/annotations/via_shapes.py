"""VIA's shapes of regions, as boxes and polygons."""

from typing import Any

from .exact import add, is_number
from .label_files import bounds
from .listing import Box
from .shapes import ellipse

NUMBERS = {
    "rect": ("x", "y", "width", "height"),
    "circle": ("cx", "cy", "r"),
    "ellipse": ("cx", "cy", "rx", "ry"),
}
THREE = 3  # points


class ShapeError(Exception):
    """Why a region cannot be used."""


def shape(attributes: Any) -> tuple[Box, list[list[float]] | None]:
    """Return a region's box and, unless it is a rectangle, its polygon.

    Raises:
        ShapeError: it covers nothing, or its numbers are none.
    """
    if not isinstance(attributes, dict) or not isinstance(attributes.get("name"), str):
        raise ShapeError("its shape_attributes are not a mapping with a name")
    kind = attributes["name"]
    if kind == "polygon":
        polygon = _polygon(attributes)
    elif kind in NUMBERS:
        values: list[Any] = [attributes.get(key) for key in NUMBERS[kind]]
        if not all(map(is_number, values)):
            named = ", ".join(NUMBERS[kind])
            raise ShapeError(f"its {named} are {values}, which are not numbers of pixels")
        if kind == "rect":
            x, y, width, height = values
            return (x, y, add(x, width), add(y, height)), None
        polygon = _round(values, attributes.get("theta") or 0)
    else:
        raise ShapeError(
            f"it is a {kind}, which is not read; draw a rectangle, a polygon or a circle"
        )
    return bounds([polygon]), [polygon]


def _polygon(attributes: dict[str, Any]) -> list[float]:
    xs, ys = attributes.get("all_points_x"), attributes.get("all_points_y")
    if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
        raise ShapeError("its all_points_x and all_points_y are not two lists of one length")
    if not all(map(is_number, [*xs, *ys])):
        raise ShapeError("its points are not numbers of pixels")
    if len(xs) < THREE:
        raise ShapeError(f"it is a polygon of {len(xs)} points; three are needed")
    return [value for point in zip(xs, ys, strict=True) for value in point]


def _round(values: list[Any], theta: Any) -> list[float]:
    """Return the polygon of a circle (its centre and radius) or an ellipse."""
    cx, cy, rx, *rest = values
    return ellipse((cx, cy), (rx, rest[0] if rest else rx), theta if is_number(theta) else 0.0)
