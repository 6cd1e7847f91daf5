"""A plain network of dense layers: the smallest thing that learns, a floor for the others."""

import keras
from modelyard.config import Hyperparameters
from modelyard.training import output_activation

from ..utils.utils import Config


def build_model(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int, int, int],
    class_count: int,
) -> keras.Model:
    """Return an uncompiled network. Hyperparameters: hidden_units, dropout_rate."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(hyperparameters["hidden_units"], activation="relu"),
            keras.layers.Dropout(hyperparameters["dropout_rate"]),
            keras.layers.Dense(class_count, activation=output_activation(config)),
        ],
        name=config.name,
    )
