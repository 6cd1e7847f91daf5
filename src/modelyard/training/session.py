"""Begin each model in a clean TensorFlow: no old names, no old graphs in memory."""

import sys

import keras
import tensorflow as tf
from tensorflow.python.framework import ops

from modelyard.config.schema import Config
from modelyard.recipe.devices import chosen
from modelyard.recipe.recipe import Recipe


def start(config: Config) -> None:
    """Begin a clean session and fix every source of randomness."""
    fresh_session()
    keras.utils.set_random_seed(config.params.seed)
    if config.params.deterministic:
        tf.config.experimental.enable_op_determinism()


def announce(recipe: Recipe, done: int) -> None:
    """Print what the training begins with, how far it is, and on which devices it runs.

    A missing GPU shows before training, not after.
    """
    config, devices = recipe.config, chosen(recipe.config)
    for note in recipe.notes:
        print(note, flush=True)
    if done:
        print(f"Resuming {config.name} after epoch {done}.", flush=True)
    if done < config.params.epochs:
        print(f"Training {config.name} on {', '.join(devices)}.", flush=True)
    if config.params.mixed_precision and devices[0].startswith("CPU"):
        print("note: on a CPU mixed precision saves no time; it is for GPUs.", file=sys.stderr)


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
