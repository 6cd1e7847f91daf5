"""Objects as points: the map of cells a network gives, its loss, and the objects found in it.

A map (batch, rows, columns, classes + 4 [+ 2 x prototypes]) holds for each cell: a logit a class
that an object's centre lies there; where in the cell; the object's width and height, in cells; and
for masks the object's coefficients and the cell's prototypes.

Targets (batch, objects, 5 [+ cells]): x1, y1, x2, y2 as shares of the image, class (-1: no object),
and the share of each cell that the object covers.

Sources: Zhou et al., "Objects as Points", 2019. Masks: Bolya et al., "YOLACT", 2019.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

BOX = 4  # channels for where in the cell, and how large
SPREAD = 6  # an object is this many standard deviations of the bell around its centre wide
SMALLEST_SPREAD = 0.3  # in cells
SIZE_WEIGHT, MASK_WEIGHT = 0.2, 2.0


class Map(NamedTuple):
    """The parts of a map, each (batch, rows, columns, channels)."""

    heat: Any
    offset: Any
    size: Any
    coefficients: Any
    prototypes: Any


def split_map(values: Any, class_count: int) -> Map:
    """Name the channels of a map."""
    prototypes = (values.shape[-1] - class_count - BOX) // 2
    widths = (class_count, 2, 2, prototypes, prototypes)
    ends = np.cumsum((0, *widths))
    return Map(*(values[..., a:b] for a, b in pairwise(ends)))


def at(cells: Any, part: Any) -> Any:
    """Return a map's values at cells (batch, n), counted row by row: (batch, n, channels)."""
    rows, columns, channels = part.shape[1:]
    flat = ops.reshape(part, (-1, rows * columns, channels))
    return ops.take_along_axis(flat, cells[:, :, None], axis=1)


def mask_logits(coefficients: Any, prototypes: Any) -> Any:
    """Return the masks (batch, n, cells) of objects with coefficients (batch, n, prototypes)."""
    rows, columns, channels = prototypes.shape[1:]
    flat = ops.reshape(prototypes, (-1, rows * columns, channels))
    return ops.matmul(ops.tanh(coefficients), ops.transpose(flat, (0, 2, 1)))


class CentersLoss(keras.losses.Loss):
    """Focal loss of the centres, L1 of offsets and sizes, cross-entropy of the masks."""

    def __init__(self, class_count: int) -> None:
        """Keep how many channels of a map are classes."""
        super().__init__(name="centers")
        self.class_count = class_count

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each image (batch,)."""
        parts = split_map(y_pred, self.class_count)
        rows, columns = y_pred.shape[1:3]
        scale = np.array([columns, rows], np.float32)
        low, high, label = y_true[..., 0:2] * scale, y_true[..., 2:4] * scale, y_true[..., 4]
        there = ops.cast(label >= 0, "float32")
        count = ops.maximum(ops.sum(there, axis=1), 1)
        centre, size = (low + high) / 2, high - low
        cell = ops.clip(ops.floor(centre), 0, scale - 1)
        heat = _bells(cell, size, label, parts.heat)
        cells = ops.cast(cell[..., 1] * columns + cell[..., 0], "int32")
        errors = _absolute(at(cells, parts.offset), centre - cell)
        errors += SIZE_WEIGHT * _absolute(at(cells, parts.size), size)
        if parts.prototypes.shape[-1]:
            masks = mask_logits(at(cells, parts.coefficients), parts.prototypes)
            inside = _inside(low, high, rows, columns)
            errors += MASK_WEIGHT * _covered(masks, y_true[..., 5:], inside)
        return (_focal(heat, parts.heat) + ops.sum(errors * there, axis=1)) / count


def _absolute(found: Any, wanted: Any) -> Any:
    return ops.sum(ops.abs(found - wanted), axis=-1)


def _bells(cell: Any, size: Any, label: Any, like: Any) -> Any:
    """Return the wanted heat: 1 at each centre, falling off with distance, the highest counts."""
    rows, columns, class_count = like.shape[1:]
    x, y = ops.arange(columns, dtype="float32"), ops.arange(rows, dtype="float32")
    spread = ops.maximum(size / SPREAD, SMALLEST_SPREAD)
    across = ops.exp(-0.5 * ((x - cell[..., 0:1]) / spread[..., 0:1]) ** 2)
    down = ops.exp(-0.5 * ((y - cell[..., 1:2]) / spread[..., 1:2]) ** 2)
    classes = ops.one_hot(ops.cast(label, "int32"), class_count)  # zeros where there is no object
    heat = ops.zeros_like(like)
    for n in range(label.shape[1]):
        bell = down[:, n, :, None] * across[:, n, None, :]
        heat = ops.maximum(heat, bell[..., None] * classes[:, n, None, None, :])
    return heat


def _focal(wanted: Any, logits: Any) -> Any:
    found = ops.sigmoid(logits)
    centre = (1 - found) ** 2 * ops.log_sigmoid(logits)
    elsewhere = (1 - wanted) ** 4 * found**2 * ops.log_sigmoid(-logits)
    return -ops.sum(ops.where(wanted == 1, centre, elsewhere), axis=(1, 2, 3))


def _inside(low: Any, high: Any, rows: int, columns: int) -> Any:
    """Return which cells (batch, objects, cells) lie in or beside an object's box."""
    x, y = ops.arange(columns, dtype="float32") + 0.5, ops.arange(rows, dtype="float32") + 0.5
    across = (x > low[..., 0:1] - 1) & (x < high[..., 0:1] + 1)
    down = (y > low[..., 1:2] - 1) & (y < high[..., 1:2] + 1)
    both = down[..., :, None] & across[..., None, :]
    return ops.cast(ops.reshape(both, (-1, low.shape[1], rows * columns)), "float32")


def _covered(logits: Any, shares: Any, inside: Any) -> Any:
    """Return the mean cross-entropy of each object's mask inside its box."""
    losses = ops.relu(logits) - logits * shares + ops.softplus(-ops.abs(logits))
    return ops.sum(losses * inside, axis=-1) / ops.maximum(ops.sum(inside, axis=-1), 1)


def find_objects(values: Any, class_count: int, most: int) -> Any:
    """Return the `most` likeliest objects that a map shows: (batch, n, 6 [+ cells]).

    x1, y1, x2, y2 as shares of the image, score, class, and the probability that a cell is covered.
    """
    parts = split_map(values, class_count)
    rows, columns = values.shape[1:3]
    heat = ops.sigmoid(parts.heat)
    peaks = ops.where(heat >= ops.max_pool(heat, 3, 1, padding="same"), heat, 0.0)
    most = min(most, rows * columns * class_count)
    scores, places = ops.top_k(ops.reshape(peaks, (-1, rows * columns * class_count)), most)
    cells, labels = places // class_count, places % class_count
    cell = ops.cast(ops.stack([cells % columns, cells // columns], axis=-1), "float32")
    centre = cell + at(cells, parts.offset)
    half = ops.relu(at(cells, parts.size)) / 2
    scale = np.array([columns, rows], np.float32)
    found = [(centre - half) / scale, (centre + half) / scale]
    found += [scores[..., None], ops.cast(labels, "float32")[..., None]]
    if parts.prototypes.shape[-1]:
        found.append(ops.sigmoid(mask_logits(at(cells, parts.coefficients), parts.prototypes)))
    return ops.concatenate(found, axis=-1)
