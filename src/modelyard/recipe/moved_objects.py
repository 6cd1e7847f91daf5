"""Boxes and masks that follow the pixels when a layer moves them."""

from typing import Any

import keras
import tensorflow as tf

from modelyard.config.augmentation_names import AUGMENTATION_MOVES

BOX = 5  # x1, y1, x2, y2 as shares of the image, class (-1: no object)
NOTHING = -1.0
CENTRE = 0.5  # of a pixel
LEAST_LEFT = 0.05  # of an object's box or mask; with less left it is no longer an object


class RandomShear(keras.layers.RandomShear):
    """Keras' layer, with boxes that follow the pixels: its own err in images that are not square.

    A pixel (x, y) of the result is the original's (x + a y, y + b x).
    """

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Any,
        training: bool = True,  # noqa: FBT001, FBT002
    ) -> Any:
        """Return the boxes, x1, y1, x2, y2 in pixels, around where their corners have gone."""
        if not training:
            return bounding_boxes
        a, b = (part[:, :, tf.newaxis] for part in tf.split(transformation["shear_factor"], 2, 1))
        corners = bounding_boxes["boxes"] - CENTRE
        x, y = tf.gather(corners, [0, 2, 0, 2], axis=-1), tf.gather(corners, [1, 1, 3, 3], axis=-1)
        moved = (x - a * y) / (1 - a * b), (y - b * x) / (1 - a * b)
        low, high = ([end(one, axis=-1) for one in moved] for end in (tf.reduce_min, tf.reduce_max))
        return {**bounding_boxes, "boxes": tf.stack([*low, *high], axis=-1) + CENTRE}


class MovedObjects:
    """The objects of a batch, in pixels while layers move them.

    Args:
        targets: (batch, objects, 5 [+ cells]), as `join` of the task returns them.
        shape: of the images, (batch, height, width, channels).
    """

    def __init__(self, targets: Any, shape: Any) -> None:
        """Measure the objects, so that it shows what is left of them."""
        self._original, self._moved = targets, False
        self._height, self._width = int(shape[1]), int(shape[2])
        self._scale = tf.constant([self._width, self._height] * 2, tf.float32)
        self._boxes, self._labels = targets[..., :4] * self._scale, targets[..., 4]
        self._masks: Any = None

    def move(self, layer: keras.Layer, images: Any) -> Any:
        """Return images as the layer changes them, and take the objects along."""
        if type(layer).__name__ not in AUGMENTATION_MOVES:
            return layer(images, training=True)
        if not self._moved and self._original.shape[-1] > BOX:
            self._masks = self._enlarged()
        self._moved = True
        batch = {
            "images": images,
            "bounding_boxes": {"boxes": self._boxes, "labels": self._labels},
        }
        if self._masks is not None:
            batch["segmentation_masks"] = self._masks
        batch = layer(batch, training=True)
        self._boxes, self._labels = (batch["bounding_boxes"][key] for key in ("boxes", "labels"))
        self._masks = batch.get("segmentation_masks")
        return batch["images"]

    def targets(self) -> Any:
        """Return the targets in their old form; an object that left the image is none."""
        if not self._moved:
            return self._original
        limits = tf.constant([self._width, self._height] * 2, tf.float32)
        boxes = tf.clip_by_value(self._boxes, 0.0, limits) / self._scale
        before, cells = self._original, [] if self._masks is None else [self._shrunk()]
        there = (before[..., 4] >= 0) & (_area(boxes) > LEAST_LEFT * _area(before[..., :4]))
        if cells:
            wanted = tf.reduce_sum(before[..., BOX:], axis=-1)
            there &= tf.reduce_sum(cells[0], axis=-1) >= LEAST_LEFT * wanted
        kept = there[..., tf.newaxis]
        box = tf.where(kept, tf.concat([boxes, before[..., 4:BOX]], axis=-1), NOTHING)
        return tf.concat([box, *(tf.where(kept, one, 0.0) for one in cells)], axis=-1)

    @property
    def _rows_and_columns(self) -> tuple[int, int]:
        """Of a mask; it is half as high and as wide as the image."""
        return self._height // 2, self._width // 2

    def _enlarged(self) -> Any:
        """Return masks (batch, height, width, objects): Keras moves them by the image's pixels."""
        rows, columns = self._rows_and_columns
        objects = tf.shape(self._original)[1]
        grid = tf.reshape(self._original[..., BOX:], (-1, objects, rows, columns))
        grid = tf.transpose(grid, (0, 2, 3, 1))
        if (2 * rows, 2 * columns) == (self._height, self._width):
            return tf.repeat(tf.repeat(grid, 2, axis=1), 2, axis=2)
        return tf.image.resize(grid, (self._height, self._width), "nearest")

    def _shrunk(self) -> Any:
        """Return the share of each cell that is covered: (batch, objects, cells)."""
        rows, columns = self._rows_and_columns
        grid = tf.image.resize(self._masks, (rows, columns), "area")
        shape = (-1, tf.shape(self._original)[1], rows * columns)
        return tf.reshape(tf.transpose(grid, (0, 3, 1, 2)), shape)


def _area(boxes: Any) -> Any:
    sides = tf.maximum(boxes[..., 2:4] - boxes[..., :2], 0.0)
    return sides[..., 0] * sides[..., 1]
