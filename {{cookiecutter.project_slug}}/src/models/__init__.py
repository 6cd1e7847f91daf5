"""Architectures: `architecture: NAME` in a model's configuration is the module NAME in here."""

from importlib import import_module
from typing import TYPE_CHECKING

from modelyard.config import Hyperparameters

from ..utils.utils import Config

if TYPE_CHECKING:
    import keras

# yours: a module beside this one, with a build_model of its own; dense.py or centers.py shows how


def build_model(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int, ...],
    class_count: int,
) -> "keras.Model":
    """Return the configured architecture, uncompiled.

    Input: (batch, *input_shape), such as images (batch, height, width, channels), values 0 to 255.
    Output: such as probabilities (batch, class_count).
    """
    module = import_module(f".{config.architecture}", __package__)
    return module.build_model(config, hyperparameters, input_shape, class_count)
