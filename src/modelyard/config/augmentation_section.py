"""`params.augmentation` of a model's config.yaml: Keras layers by name, with their arguments."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from modelyard.errors import did_you_mean

from .augmentation_names import (
    AUGMENTATION,
    AUGMENTATION_CHOICES,
    AUGMENTATION_MANAGED,
    AUGMENTATION_NEEDS,
    NO_AUGMENTATION,
    NO_OBJECTS,
)

Layer = dict[str, Any]


def _layer(value: object) -> Layer:
    """Return {name: as Keras spells it, …arguments}; a name alone has none."""
    entry = {"name": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ValueError(
            "must be a layer's name, such as RandomFlip, or a mapping with it, such as "
            "{name: RandomRotation, factor: 0.05}"
        )
    name = _known(entry["name"])
    arguments = {str(key): value for key, value in entry.items() if key != "name"}
    for argument, given in arguments.items():
        _check_argument(name, argument, given)
    missing = [one for one in AUGMENTATION_NEEDS.get(name, ()) if one not in arguments]
    if missing:
        raise ValueError(f"the layer {name} needs {' and '.join(missing)}; add it")
    return {"name": name, **arguments}


def _known(written: str) -> str:
    """Return a layer's name as Keras spells it, from that or from snake_case."""
    folded = {name.lower(): name for name in (*AUGMENTATION, *NO_AUGMENTATION)}
    name = folded.get(written.replace("_", "").lower(), written)
    if name in NO_AUGMENTATION:
        raise ValueError(f"the layer {name} {NO_AUGMENTATION[name]}")
    if name not in AUGMENTATION:
        raise ValueError(
            f"{written!r} is not a layer that augments images{did_you_mean(written, AUGMENTATION)}"
            f"; known: {', '.join(AUGMENTATION)}"
        )
    return name


def _check_argument(name: str, argument: str, given: object) -> None:
    known = AUGMENTATION[name]
    if argument in AUGMENTATION_MANAGED:
        raise ValueError(f"{argument} of {name} is set by the training; remove it")
    if argument not in known:
        raise ValueError(
            f"the layer {name} has no argument {argument!r}{did_you_mean(argument, known)}; "
            f"it takes {', '.join(known) or 'none'}"
        )
    choices = AUGMENTATION_CHOICES.get(argument)
    if choices and given not in choices:
        raise ValueError(
            f"{argument} of the layer {name} is {given!r}{did_you_mean(str(given), choices)}; "
            f"it may be {', '.join(choices)}"
        )


def object_problem(layers: Sequence[Layer]) -> str | None:
    """Say which layer cannot be used where there are boxes, `[0]: …`; None if all can.

    What comes into the image from outside must be black: reflected objects would have no box, and
    Keras fills masks with the same value.
    """
    for position, layer in enumerate(layers):
        name, key = layer["name"], f"[{position}]"
        if name in NO_OBJECTS:
            return f"{key}: {name} {NO_OBJECTS[name]}"
        if layer.get("fill_mode", "constant") != "constant":
            return (
                f"{key}: fill_mode is {layer['fill_mode']!r}, which repeats objects where there is "
                "no box; write constant or remove it"
            )
        if name != "RandomErasing" and layer.get("fill_value"):
            return (
                f"{key}: fill_value is {layer['fill_value']!r}, which would fill masks, too; "
                "remove it"
            )
    return None


Augmentation = list[Annotated[Layer, BeforeValidator(_layer)]]
"""Layers in the order in which they are used."""
