"""A network of keras.applications that finds objects by their centres."""

from typing import Any

import keras
from modelyard.config import Hyperparameters

from ..utils.utils import Config
from .backbones import COLOURS, network
from .centers import block, check_sides, head

layers = keras.layers
COARSEST = 16  # pixels a cell


def build_model(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int, int, int],
    class_count: int,
) -> keras.Model:
    """Return an uncompiled detector, see tasks/centers.

    Images are stretched to twice their size; the map has half their rows and columns.
    Hyperparameters: backbone, filters; for masks prototypes.
    """
    check_sides(input_shape, COARSEST)
    height, width, channels = input_shape
    filters = int(hyperparameters["filters"])
    images = keras.Input(input_shape)
    large = layers.Resizing(2 * height, 2 * width)(images)
    if channels != COLOURS:
        large = layers.Concatenate()([large] * COLOURS)
    levels = _levels(network(config, hyperparameters, (2 * height, 2 * width, COLOURS)))
    *finer, values = levels(large)
    values = layers.Conv2D(filters, 1)(values)
    for level in reversed(finer):  # a feature pyramid: Lin et al., 2017
        up = layers.UpSampling2D(2, interpolation="bilinear")(values)
        values = block(layers.Add()([up, layers.Conv2D(filters, 1)(level)]), filters)
    return keras.Model(images, head(values, config, hyperparameters, class_count), name=config.name)


def _levels(backbone: keras.Model) -> keras.Model:
    """Return the backbone with its last values at each resolution, the finest first."""
    rows: dict[int, Any] = {}
    for layer in backbone.layers:
        if len(layer.output.shape) == 4:  # batch, rows, columns, channels
            rows[layer.output.shape[1]] = layer.output
    height = backbone.input_shape[1]
    strides = [s for s in (4, 8, 16, 32) if height // s in rows]
    outputs = [rows[height // stride] for stride in strides]
    return keras.Model(backbone.input, outputs, name="backbone")
