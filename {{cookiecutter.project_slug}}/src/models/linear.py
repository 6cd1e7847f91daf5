"""A linear model of a table: one weight per feature and class. A floor, and often enough."""

import keras
from modelyard.config import Hyperparameters

from ..utils.utils import Config


def build_model(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int],
    class_count: int,
) -> keras.Model:
    """Return an uncompiled model of classes, or of one number. Hyperparameters: l2."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Dense(
                class_count,
                activation="softmax" if class_count > 1 else None,  # a number has no bounds
                kernel_regularizer=keras.regularizers.L2(hyperparameters["l2"]),
            ),
        ],
        name=config.name,
    )
