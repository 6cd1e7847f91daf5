"""Instance segmentation: a mask, a box and a class for everything that is there."""

from typing import Any

import tensorflow as tf

from .crowded import warning
from .objects import (
    ALWAYS,
    LOSSES,
    METRICS,
    ROW,
    answer,
    comparable,
    compare,
    details,
    finish,
    judge,
    problem,
    rows,
)

__all__ = [
    "ALWAYS", "LOSSES", "METRICS", "ROW", "answer", "comparable", "compare", "details", "finish",
    "join", "judge", "problem", "rows", "warning",
]  # fmt: skip

JUDGED = ("box.map", "box.map_50", "mask.map", "mask.map_50")
COVERED = 255  # what a cell holds that an object covers whole


def join(boxes: Any, masks: Any) -> Any:
    """Return boxes and shares of covered cells side by side: (batch, objects, 5 + cells)."""
    shape = tf.shape(boxes)
    cells = tf.reshape(masks, (shape[0], shape[1], masks.shape[2] * masks.shape[3]))
    return tf.concat([boxes, tf.cast(cells, tf.float32) / COVERED], axis=-1)
