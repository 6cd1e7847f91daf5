"""Layers that do not learn, or not from the beginning."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import keras

from modelyard.config.schema import Config
from modelyard.errors import UserError, did_you_mean


class Unfreezing(keras.callbacks.Callback):
    """Lets frozen layers learn from an epoch on; after a restart too, whenever that was."""

    def __init__(self, layers: list[keras.Layer], epoch: int) -> None:
        """Keep the frozen layers and the epoch, counted from 1."""
        super().__init__()
        self.layers, self.epoch = layers, epoch

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Unfreeze, and have the next step compute the gradients of all."""
        if epoch + 1 >= self.epoch and self.layers:
            for layer in self.layers:
                layer.trainable = True
            self.model.make_train_function(force=True)
            self.layers = []


def freeze(model: keras.Model, config: Config) -> list[keras.Layer]:
    """Freeze the layers that `params.freeze` names; return them.

    Raises:
        UserError: a pattern fits no layer with weights, or nothing is left that learns.
    """
    settings = config.params.freeze
    if settings is None:
        return []
    frozen: list[keras.Layer] = []
    for pattern in settings.layers:
        found = [layer for layer in layers(model) if fnmatchcase(layer.name, pattern)]
        if not any(layer.weights for layer in found):
            raise UserError(_no_such_layer(model, config, pattern))
        frozen += [layer for layer in found if layer not in frozen]
    for layer in frozen:
        layer.trainable = False
    if not model.trainable_variables:
        raise UserError(
            f"{config.file}: params.freeze.layers {settings.layers} freezes everything; leave a "
            "layer that learns, such as the last one."
        )
    return frozen


def layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield all layers of a model, nested ones too, without the model itself."""
    yield from model._flatten_layers(include_self=False)


def _no_such_layer(model: keras.Model, config: Config, pattern: str) -> str:
    names = list(dict.fromkeys(layer.name for layer in layers(model) if layer.weights))
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""  # noqa: PLR2004
    return (
        f"{config.file}: params.freeze.layers has {pattern!r}, which fits no layer with weights"
        f"{did_you_mean(pattern, names)}; layers: {', '.join(names[:20])}{more}."
    )
