"""Build the network by the team's `build_model`; what it returns is checked, not believed."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import keras

from modelyard.config.own_code import explained
from modelyard.data.manifest import ArraySpec, Specs
from modelyard.errors import UserError

from .freezing import layers
from .own import OwnModule

NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.>-]*")  # what TensorFlow takes as the name of a scope


def built(
    build: Callable[[], Any],
    own: OwnModule,
    specs: Specs,
    name: str,
    values: Mapping[str, object] | None = None,
) -> keras.Model:
    """Return the uncompiled network; a model of a class of its own becomes a layer of one.

    `specs` is what the network takes, by name; `values` are its hyperparameters, to be named where
    one of them is refused.

    Raises:
        UserError: it fails, is not a model, has a name that TensorFlow refuses, or a Lambda layer.
    """
    with explained("build_model()", "correct it", values):
        model = build()
    where = own.returns("build_model")
    if not isinstance(model, keras.Model):
        raise UserError(
            f"{where}: build_model returns {_kind(model)}; end it with `return keras.Model(…)`."
        )
    if not isinstance(model, keras.Sequential) and not hasattr(model, "_functional"):
        model = _wrapped(model, specs, name)
    _check_layers(model, where)
    return model


def _kind(model: object) -> str:
    return "None" if model is None else type(model).__name__


def _wrapped(model: keras.Model, specs: Specs, name: str) -> keras.Model:
    """Return a model whose inputs and outputs have shapes that others can ask for."""
    if type(model).__name__ == "Functional":
        return model
    inputs: Any = {key: _input(spec, key) for key, spec in specs.items()}
    inputs = inputs if len(inputs) > 1 else _input(next(iter(specs.values())))
    with explained(f"the call of {type(model).__name__}", "correct it"):
        outputs = model(inputs)
    return keras.Model(inputs, outputs, name=name)


def _input(spec: ArraySpec, name: str | None = None) -> Any:
    """Return an input; pixels and other small numbers reach the network as float32."""
    exact = spec.dtype in ("string", "int32", "int64")
    return keras.Input(spec.shape, dtype=spec.dtype if exact else None, name=name)


def _check_layers(model: keras.Model, where: str) -> None:
    for layer in (model, *layers(model)):
        if not NAME.fullmatch(layer.name):
            fitting = re.sub(r"[^A-Za-z0-9_.>-]", "_", layer.name).lstrip("_>-") or "network"
            raise UserError(
                f"{where}: the name {layer.name!r} of a {type(layer).__name__} has characters that "
                f"TensorFlow refuses; write letters, digits, _ . and -, such as {fitting!r}."
            )
        if isinstance(layer, keras.layers.Lambda):
            raise UserError(
                f"{where}: the network has a Lambda layer ({layer.name!r}), whose code a saved "
                "model would hold and nobody may load; write a subclass of keras.layers.Layer with "
                "@keras.saving.register_keras_serializable() above it, or use keras.ops."
            )
