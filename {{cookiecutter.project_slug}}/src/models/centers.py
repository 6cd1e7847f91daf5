"""A small network that finds objects by their centres: boxes, or boxes and masks."""

from typing import Any

import keras
from modelyard.config import Hyperparameters
from modelyard.errors import UserError

from ..utils.utils import Config

layers = keras.layers
COARSEST = 8  # pixels a cell
BOX = 4  # offset and size of an object
MOMENTUM = 0.9  # of the averages that normalise: they must settle within few epochs
RARE = -2.2  # the first guess: every cell is a centre with a probability of 0.1


def build_model(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int, int, int],
    class_count: int,
) -> keras.Model:
    """Return an uncompiled detector: half as many rows and columns as pixels, see tasks/centers.

    Down to an eighth and up again, with shortcuts. Hyperparameters: filters; for masks prototypes.
    """
    check_sides(input_shape, COARSEST)
    filters = int(hyperparameters["filters"])
    images = keras.Input(input_shape)
    pixels = layers.Rescaling(1 / 127.5, offset=-1)(images)
    half = block(block(pixels, filters, strides=2), filters)
    quarter = block(block(half, 2 * filters, strides=2), 2 * filters)
    eighth = block(block(quarter, 4 * filters, strides=2), 4 * filters)
    quarter = block(layers.Add()([quarter, _up(block(eighth, 2 * filters))]), 2 * filters)
    half = block(layers.Add()([half, _up(block(quarter, filters))]), filters)
    return keras.Model(images, head(half, config, hyperparameters, class_count), name=config.name)


def check_sides(input_shape: tuple[int, int, int], cell: int) -> None:
    """Refuse images that cells of so many pixels do not fill."""
    if input_shape[0] % cell or input_shape[1] % cell:
        raise UserError(
            f"config.yaml: data.image_size is {list(input_shape[:2])}; this architecture halves "
            f"images until a cell is {cell} pixels, write multiples of {cell}."
        )


def block(values: Any, filters: int, strides: int = 1) -> Any:
    """Return a convolution's output, normalised, without what is negative."""
    values = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(values)
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(values))


def head(values: Any, config: Config, hyperparameters: Hyperparameters, class_count: int) -> Any:
    """Return the map of cells that the loss and the saved model read."""
    masks = config.task == "instance_segmentation"
    rest = BOX + (2 * int(hyperparameters["prototypes"]) if masks else 0)
    first_guess = keras.initializers.Constant(RARE)
    heat = layers.Conv2D(class_count, 1, bias_initializer=first_guess, name="heat")(values)
    return layers.Concatenate()([heat, layers.Conv2D(rest, 1, name="shape")(values)])


def _up(values: Any) -> Any:
    return layers.UpSampling2D(2, interpolation="bilinear")(values)
