"""A small transformer: every piece of a text looks at all others, in one block or several."""

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
    """Return an uncompiled network. Hyperparameters: units, heads, blocks, step, dropout_rate.

    Input: tokens int32 (batch, max_tokens), 0 where a text has ended.
    """
    keys = ("units", "heads", "blocks", "step")
    units, heads, blocks, step = (int(hyperparameters[key]) for key in keys)
    layers, rate = keras.layers, hyperparameters["dropout_rate"]
    tokens = keras.Input(input_shape, dtype="int32")
    x = layers.Embedding(vocabulary_size(config), units)(tokens)
    x = layers.Conv1D(units, 2 * step, padding="same", activation="relu")(x)
    x = layers.Dropout(rate)(layers.MaxPooling1D(step, padding="same")(x))
    x = layers.Add()([x, layers.Embedding(x.shape[1], units)(keras.ops.arange(x.shape[1])[None])])
    for _ in range(blocks):
        seen = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(heads, units // heads)(seen, seen)])
        hidden = layers.Dense(2 * units, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dropout(rate)(layers.Dense(units)(hidden))])
    found = layers.Dropout(rate)(layers.GlobalMaxPooling1D()(layers.LayerNormalization()(x)))
    said = layers.Dense(class_count, activation=output_activation(config))(found)
    return keras.Model(tokens, said, name=config.name)
