"""From the columns of a table to one row of features, in layers of Keras alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

NAME = "encoder"


def table_encoder(columns: Sequence[Mapping[str, Any]]) -> keras.Model:
    """Return the model from `numbers` and `categories` to features float32 (batch, k).

    A number becomes its distance from the training mean in standard deviations, 0 where it is
    missing; a category becomes a 1 among zeros, all zeros where it is unknown, unless training rows
    have categories that models do not tell apart: then it counts as one of these. A column with
    missing values in training has a feature that says so.

    Args:
        columns: of columns.json, in the order of the table.
    """
    numbers = [one for one in columns if one["type"] != "category"]
    categories = [one for one in columns if one["type"] == "category"]
    inputs, features = {}, []
    if numbers:
        inputs["numbers"] = keras.Input((len(numbers),), dtype="float64", name="numbers")
        features += _standardised(inputs["numbers"], numbers)
    if categories:
        inputs["categories"] = keras.Input((len(categories),), dtype="string", name="categories")
        features += [
            _told_apart(inputs["categories"][:, position], one, position)
            for position, one in enumerate(categories)
        ]
    joined = ops.concatenate(features, axis=-1) if len(features) > 1 else features[0]
    alone = next(iter(inputs.values())) if len(inputs) == 1 else inputs
    return keras.Model(alone, joined, name=NAME)


def _standardised(numbers: Any, columns: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the standardised numbers (batch, n), and which are missing, where any was."""
    scaled = keras.layers.Normalization(
        mean=[one["mean"] for one in columns],
        variance=[one["variance"] for one in columns],
        dtype="float64",  # days and amounts have more digits than float32
        name="standardised",
    )(numbers)
    absent = ops.isnan(scaled)
    found = [ops.cast(ops.where(absent, ops.zeros_like(scaled), scaled), "float32")]
    flagged = [position for position, one in enumerate(columns) if one["missing"]]
    if flagged:
        found.append(ops.take(ops.cast(absent, "float32"), flagged, axis=1))
    return found


def _told_apart(cells: Any, column: Mapping[str, Any], position: int) -> Any:
    """Return a 1 among zeros (batch, categories); layers are numbered, names may have any signs."""
    known = [*column["values"], *([""] if column["missing"] else [])]
    hot = keras.layers.StringLookup(
        vocabulary=known, output_mode="one_hot", num_oov_indices=1, name=f"category_{position}"
    )(cells)
    return hot if column["other"] else hot[:, 1:]
