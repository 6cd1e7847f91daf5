"""Begin each model in a clean TensorFlow: no old names, no old graphs in memory."""

import keras
import tensorflow as tf
from tensorflow.python.framework import ops

from modelyard.config.schema import Config


def start(config: Config) -> None:
    """Begin a clean session and fix every source of randomness."""
    fresh_session()
    keras.utils.set_random_seed(config.params.seed)
    if config.params.deterministic:
        tf.config.experimental.enable_op_determinism()


def devices() -> str:
    """Name the accelerators TensorFlow sees: a missing GPU shows before training, not after."""
    found = tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("CPU")
    return ", ".join(device.name.removeprefix("/physical_device:") for device in found)


def fresh_session() -> None:
    """Free what earlier models of this process left behind, and start the names of layers anew.

    TensorFlow registers the gradient of every `tf.custom_gradient` for ever, Keras' optimizers
    trace one for each model, and it holds on to the model's graph: a search would grow by 10 MB a
    trial and slow down.
    """
    registry = getattr(getattr(ops, "gradient_registry", None), "_registry", {})
    for name in [name for name in registry if name.startswith("CustomGradient-")]:
        del registry[name]
    keras.utils.clear_session()
