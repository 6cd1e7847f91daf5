"""A multilayer perceptron for a table: hidden layers of equal size, with dropout."""

import keras
from modelyard.config import Hyperparameters

from ..utils.utils import Config


def build_model(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int],
    class_count: int,
) -> keras.Model:
    """Return an uncompiled model of classes, or of one number.

    Hyperparameters: hidden_layers, hidden_units, dropout_rate.
    """
    layers = [keras.Input(input_shape)]
    for _ in range(int(hyperparameters["hidden_layers"])):
        layers.append(keras.layers.Dense(hyperparameters["hidden_units"], activation="relu"))
        layers.append(keras.layers.Dropout(hyperparameters["dropout_rate"]))
    activation = "softmax" if class_count > 1 else None  # a number has no bounds
    layers.append(keras.layers.Dense(class_count, activation=activation))
    return keras.Sequential(layers, name=config.name)
