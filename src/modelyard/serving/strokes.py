"""How the images that a model learned from are drawn, so that drawings can be made like them."""

import numpy as np

PLAIN = 0.9  # share of images with a ground of one brightness: below it they are not drawings
NEAR = 0.2  # of that brightness
BLURRED = 0.5  # pixels by which an extent seems longer, because edges cover pixels in part
THICKER = 0.2  # pixels by which a line seems thicker, for the same reason
DIAGONAL = np.pi / 4  # of steps along the axes the length of an edge of any direction, on average
NEARLY_ALL = 90  # percent of the images, whose lines lie in a box
THINNEST = 0.5  # pixels


def strokes_of(images: np.ndarray) -> dict[str, object] | None:
    """Return what lines in images have in common; None where the images are not drawings.

    Args:
        images: uint8 (n, height, width, 1).

    Returns:
        `dark`: whether they are dark on a light ground; `width`, `height`: of the box in which
        nearly all lie, as shares of the image; `line`: their thickness, as a share of its height.
    """
    if not len(images):
        return None
    shades = images[..., 0] / 255
    corners = shades[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    ground = float(np.median(corners))
    if np.mean(np.abs(corners - ground) < NEAR) < PLAIN or NEAR < ground < 1 - NEAR:
        return None
    dark = ground > 1 / 2
    ink = 1 - shades if dark else shades
    height, width = ink.shape[1:]
    line = _thickness(ink)
    if not line:
        return None
    return {
        "dark": dark,
        "width": _extent(ink.max(axis=1)) / width,
        "height": _extent(ink.max(axis=2)) / height,
        "line": line / height,
    }


def _extent(shadow: np.ndarray) -> float:
    """Return how many pixels drawings take along an axis, given the most ink at each place."""
    taken = np.minimum(1, 2 * shadow).sum(axis=1)
    length = float(np.percentile(taken, NEARLY_ALL))
    return length if length > shadow.shape[1] - BLURRED / 2 else max(1.0, length - BLURRED)


def _thickness(ink: np.ndarray) -> float:
    """Return the usual thickness of lines in pixels: twice their area by the length of edges."""
    framed = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    steps = sum(np.abs(np.diff(framed, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    area, edges = ink.sum(axis=(1, 2)), steps * DIAGONAL
    some = edges > 0
    if not some.any():
        return 0.0
    return max(THINNEST, float(np.median(2 * area[some] / edges[some])) - THICKER)
