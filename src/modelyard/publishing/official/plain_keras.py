"""Lines for a model's card that load and ask it with Keras alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.errors import UserError
from modelyard.saved.foreign import foreign_objects, needs_hub
from modelyard.tasks.kinds import Given, Kind

LOADING = 'model = keras.saving.load_model("{name}", compile=False)'
MODES = {1: "grayscale", 3: "rgb"}
TEXT = "A text."


def plain_keras(kind: Kind, name: str, weights: Path) -> str:
    """Return code that asks a model about one example, as it is read from its file `name`."""
    hub = ["import keras_hub  # its layers"] if needs_hub(weights) else []
    loading = LOADING.format(name=name)
    taken = kind.described()
    if taken["kind"] == "image":
        mode, size = MODES[taken["channels"]], (taken["height"], taken["width"])
        reading = f'keras.utils.load_img("image.png", color_mode="{mode}", target_size={size})'
        rest = [f"image = {reading}", "print(model.predict(keras.utils.img_to_array(image)[None]))"]
        return "\n".join(["import keras", *hub, loading, *rest])
    asking = f"print(model.predict({_example(kind, taken)}))"
    return "\n".join(["import keras, tensorflow as tf", *hub, loading, asking])


def foreign_code(weights: Path) -> str:
    """Name what of a team's own a model needs to be loaded, or nothing."""
    found = {f"{one.kind} of {one.module}" for one in foreign_objects(weights)}
    return ", ".join(sorted(found))


def _example(kind: Kind, taken: Mapping[str, Any]) -> str:
    """Return a batch of one example as code."""
    inputs = kind.batch([_given(kind, taken)])
    if not isinstance(inputs, Mapping):
        return _value(inputs)
    return f"{{{', '.join(f'{name!r}: {_value(one)}' for name, one in inputs.items())}}}"


def _given(kind: Kind, taken: Mapping[str, Any]) -> Given:
    """Return an example: a text, the columns' own examples, else nothing but zeros."""
    document: dict[str, Any] = {"text": TEXT}
    if taken["kind"] == "table":
        document = {one["name"]: one.get("example") for one in taken["columns"]}
    try:
        return kind.decode(json.dumps(document, default=str).encode(), "application/json")
    except UserError:  # arrays; a table that was described before there were examples
        return Given({name: values[0] for name, values in _blank(kind).items()})


def _blank(kind: Kind) -> dict[str, Any]:
    found = kind.blank(1)
    return dict(found) if isinstance(found, Mapping) else {next(iter(kind.inputs)): found}


def _value(array: np.ndarray) -> str:
    if array.dtype == object:
        texts = np.vectorize(lambda one: one.decode() if isinstance(one, bytes) else one, "O")
        return f"tf.constant({texts(array).tolist()!r})"
    if not np.isfinite(array).all() or not array.any():
        return f'tf.zeros({array.shape}, "{array.dtype}")'
    return f'tf.constant({array.tolist()}, "{array.dtype}")'
