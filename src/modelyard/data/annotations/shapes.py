"""Shapes that tools draw, as polygons: x, y, x, y and so on."""

import math

CORNERS = 64  # of a round shape; every fourth of them is drawn, so that its box is exact
DIGITS = 6  # of a pixel


def ellipse(
    center: tuple[float, float], radii: tuple[float, float], angle: float = 0.0
) -> list[float]:
    """Return an ellipse, turned clockwise (as y points down) by an angle in radians."""
    (cx, cy), (rx, ry) = center, radii
    points: list[float] = []
    for corner in range(CORNERS):
        around = 2 * math.pi * corner / CORNERS
        x, y = rx * math.cos(around), ry * math.sin(around)
        points.append(round(cx + x * math.cos(angle) - y * math.sin(angle), DIGITS))
        points.append(round(cy + x * math.sin(angle) + y * math.cos(angle), DIGITS))
    return points
