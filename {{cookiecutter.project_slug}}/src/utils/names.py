"""Names of Keras objects in the configuration: refuse unknown ones before training."""

from collections.abc import Callable
from types import ModuleType

import keras

from .schema import Params
from .utils import UserError, did_you_mean

SHORT_METRICS = ["accuracy"]  # resolved by `compile` from the shape of the output


def check_names(params: Params) -> None:
    """Refuse an unknown optimizer, loss or metric with the nearest known name and all others."""
    _check("optimizer", params.optimizer, keras.optimizers, keras.optimizers.get)
    _check("loss", params.loss, keras.losses, keras.losses.get)
    for metric in params.metrics:
        if metric not in SHORT_METRICS:
            _check("metrics", metric, keras.metrics, keras.metrics.get)


def _check(key: str, name: str, module: ModuleType, get: Callable[[str], object]) -> None:
    try:
        get(name)
    except ValueError:
        known = sorted({*_names(module), *(SHORT_METRICS if key == "metrics" else [])})
        raise UserError(
            f"params.{key} names {name!r}, which Keras does not know{did_you_mean(name, known)}; "
            f"known: {', '.join(known)}."
        ) from None


def _names(module: ModuleType) -> list[str]:
    """Return the configuration spelling of what a Keras module offers."""
    public = [name for name in vars(module) if not name.startswith("_")]
    if module is keras.optimizers:
        classes = [name for name in public if isinstance(getattr(module, name), type)]
        return [name.lower() for name in classes if name != "Optimizer"]
    other = {"deserialize", "get", "serialize"}
    return [name for name in public if name.islower() and name not in other]
