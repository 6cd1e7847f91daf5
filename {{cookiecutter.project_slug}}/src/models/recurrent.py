"""A GRU that reads a text from its beginning, a few tokens at each step."""

import keras
from modelyard.config import Hyperparameters
from modelyard.data import vocabulary_size
from modelyard.training import output_activation

from ..utils.utils import Config


def build_model(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int],
    class_count: int,
) -> keras.Model:
    """Return an uncompiled network. Hyperparameters: embedding_dim, step, units, dropout_rate.

    Input: tokens int32 (batch, max_tokens), 0 where a text has ended.
    """
    units, step = int(hyperparameters["units"]), int(hyperparameters["step"])
    return keras.Sequential(
        [
            keras.Input(input_shape, dtype="int32"),
            keras.layers.Embedding(vocabulary_size(config), hyperparameters["embedding_dim"]),
            keras.layers.Conv1D(units, 2 * step, padding="same", activation="relu"),
            keras.layers.MaxPooling1D(step, padding="same"),
            keras.layers.GRU(units, return_sequences=True),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dropout(hyperparameters["dropout_rate"]),
            keras.layers.Dense(class_count, activation=output_activation(config)),
        ],
        name=config.name,
    )
