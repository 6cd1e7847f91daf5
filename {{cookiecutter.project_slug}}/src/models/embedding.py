"""Tokens embedded, patterns of a few in a row, the strongest of each kept: small and fast."""

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
    """Return an uncompiled network. Hyperparameters: embedding_dim, filters, window, dropout_rate.

    Input: tokens int32 (batch, max_tokens), 0 where a text has ended.
    """
    filters, window = hyperparameters["filters"], hyperparameters["window"]
    return keras.Sequential(
        [
            keras.Input(input_shape, dtype="int32"),
            keras.layers.Embedding(vocabulary_size(config), hyperparameters["embedding_dim"]),
            keras.layers.Conv1D(filters, window, padding="same", activation="relu"),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dropout(hyperparameters["dropout_rate"]),
            keras.layers.Dense(class_count, activation=output_activation(config)),
        ],
        name=config.name,
    )
