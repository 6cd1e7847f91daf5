"""Mixed precision: computed in 16 bits while training, saved and exported in 32."""

import json
from typing import Any

import keras
import tensorflow as tf

from modelyard.config.schema import Config
from modelyard.errors import UserError

FULL = "float32"


def set_precision(config: Config) -> None:
    """Choose what new layers compute in.

    Raises:
        UserError: this machine cannot.
    """
    wanted = config.params.mixed_precision
    if wanted:
        _check(config, wanted)
    keras.config.set_dtype_policy(f"mixed_{wanted}" if wanted else FULL)


def _check(config: Config, dtype: str) -> None:
    """Multiply and convolve in that type, forwards and backwards, on the device that will."""
    try:
        with tf.GradientTape() as tape:
            values = tf.ones((1, 4, 4, 1), dtype)
            kernel = tf.Variable(tf.ones((2, 2, 1, 1), dtype))
            tape.watch(kernel)
            found = tf.reduce_sum(tf.nn.conv2d(values, kernel, 1, "SAME"))
        tape.gradient(found, kernel)
        tf.linalg.matmul(tf.ones((2, 2), dtype), tf.ones((2, 2), dtype))
    except Exception as error:
        raise UserError(
            f"{config.file}: params.mixed_precision is {dtype}, which this machine cannot compute "
            f"({type(error).__name__}); write false, or train on a GPU."
        ) from None


def is_mixed(model: keras.Model) -> bool:
    """Say whether any layer computes in another type than its weights'."""
    layers = model._flatten_layers()
    return any(layer.compute_dtype != layer.variable_dtype for layer in layers)


def in_full_precision(model: keras.Model) -> keras.Model:
    """Return the model with every layer computing in float32, with the same weights, uncompiled.

    A model that is not mixed is returned as it is.
    """
    if not is_mixed(model):
        return model
    document = keras.saving.serialize_keras_object(model)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(FULL)
    try:
        document.pop("compile_config", None)
        full = keras.saving.deserialize_keras_object(_full(json.loads(json.dumps(document))))
    finally:
        keras.config.set_dtype_policy(before)
    full.set_weights(model.get_weights())
    return full


def _full(document: Any) -> Any:
    """Name float32 wherever a serialized model names a mixed policy."""
    if isinstance(document, dict):
        if document.get("class_name") == "DTypePolicy":
            return document | {"config": {"name": FULL}}
        return {key: _full(one) for key, one in document.items()}
    if isinstance(document, list):
        return [_full(one) for one in document]
    return FULL if isinstance(document, str) and document.startswith("mixed_") else document
