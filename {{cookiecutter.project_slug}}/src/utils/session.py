"""Begin each model in a clean TensorFlow: no old names, no old graphs in memory."""

import keras
from tensorflow.python.framework import ops


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
