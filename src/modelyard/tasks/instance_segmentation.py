"""Instance segmentation: a mask, a box and a class for everything that is there."""

from typing import Any

import tensorflow as tf

from modelyard.config.measured import JUDGED as JUDGED_OF

from .crowded import warning
from .objects import (
    ALWAYS,
    LOSSES,
    METRICS,
    comparable,
    compare,
    details,
    finish,
    judge,
    problem,
    scores,
)

__all__ = [
    "ALWAYS", "LOSSES", "METRICS", "comparable", "compare", "details", "finish",
    "join", "judge", "problem", "scores", "warning",
]  # fmt: skip

JUDGED = JUDGED_OF["masks"]
COVERED = 255  # what a cell holds that an object covers whole


def join(boxes: Any, masks: Any) -> Any:
    """Return boxes and shares of covered cells side by side: (batch, objects, 5 + cells)."""
    shape = tf.shape(boxes)
    cells = tf.reshape(masks, (shape[0], shape[1], masks.shape[2] * masks.shape[3]))
    return tf.concat([boxes, tf.cast(cells, tf.float32) / COVERED], axis=-1)
