"""A saved model's encoder: from what people have to what its network takes, as a layer of it.

Exports hold the network alone: devices have no layers for texts and tables.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from .content import ENCODER

Run = Callable[[Any], Any]


def with_encoder(encoder: keras.Model | None, network: keras.Model) -> keras.Model:
    """Return the model from what the encoder takes to what the network says."""
    if encoder is None:
        return network
    inputs = keras.tree.map_structure(_like, encoder.input)
    return keras.Model(inputs, network(encoder(inputs)), name=network.name)


def encoder_of(model: keras.Model) -> keras.Model | None:
    """Return the encoder of a saved model, None if its network takes the inputs as they are."""
    found = [layer for layer in model.layers if layer.name == ENCODER]
    return found[0] if found else None


def without_encoder(model: keras.Model) -> keras.Model:
    """Return what stands behind a saved model's encoder; without one, the model itself."""
    return model if encoder_of(model) is None else model.layers[-1]


def encoding(encoder: keras.Model | None) -> Run:
    """Return a function from a batch of inputs to arrays as a network takes them."""
    if encoder is None:
        return lambda inputs: inputs
    return lambda inputs: keras.tree.map_structure(
        np.asarray, encoder(as_tensors(inputs), training=False)
    )


def behind(encoder: keras.Model | None, form: Run) -> Run:
    """Return a network in any form as a function of what its encoder takes."""
    encode = encoding(encoder)
    return form if encoder is None else lambda inputs: form(encode(inputs))


def as_tensors(inputs: Any) -> Any:
    """Return a batch as Keras takes it: texts as tensors, and then everything beside them, too."""
    has_texts = any(map(_is_text, keras.tree.flatten(inputs)))
    return keras.tree.map_structure(_tensor, inputs) if has_texts else inputs


def _is_text(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype == object


def _tensor(part: Any) -> Any:
    import tensorflow as tf

    if _is_text(part):
        return tf.constant(part.tolist(), tf.string, part.shape)
    return tf.convert_to_tensor(part)


def taken(model: keras.Model) -> Any:
    """Return a model's only input, or its inputs by name; a Sequential has no `input`."""
    return model.inputs[0] if len(model.inputs) == 1 else model.input


def input_shapes(model: keras.Model) -> Any:
    """Return the shape of a model's only input, with the batch; or shapes by name."""
    inputs = taken(model)
    return inputs.shape if len(model.inputs) == 1 else {k: one.shape for k, one in inputs.items()}


def _like(tensor: Any) -> Any:
    return keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=tensor.name)
