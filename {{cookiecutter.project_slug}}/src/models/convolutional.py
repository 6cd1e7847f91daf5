"""A small convolutional network: two convolutions, one pooling, one hidden layer."""

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
    """Return an uncompiled network. Hyperparameters: filters, hidden_units, dropout_rate."""
    filters = hyperparameters["filters"]
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(2 * filters, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(hyperparameters["dropout_rate"]),
            keras.layers.Dense(hyperparameters["hidden_units"], activation="relu"),
            keras.layers.Dense(class_count, activation=output_activation(config)),
        ],
        name=config.name,
    )
