"""A network of keras.applications below a small classifier, for images that deserve one."""

import keras
from modelyard.config import Hyperparameters
from modelyard.training import output_activation

from ..utils.utils import Config
from .backbones import COLOURS, network


def build_model(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int, int, int],
    class_count: int,
) -> keras.Model:
    """Return an uncompiled network. Hyperparameters: backbone, side, dropout_rate.

    Images are stretched to side x side pixels, at least 32.
    """
    side = int(hyperparameters["side"])
    images = keras.Input(input_shape)
    stretched = keras.layers.Resizing(side, side)(images)
    if input_shape[-1] != COLOURS:
        stretched = keras.layers.Concatenate()([stretched] * COLOURS)
    features = network(config, hyperparameters, (side, side, COLOURS), pooling="avg")(stretched)
    features = keras.layers.Dropout(hyperparameters["dropout_rate"])(features)
    outputs = keras.layers.Dense(class_count, activation=output_activation(config))(features)
    return keras.Model(images, outputs, name=config.name)
