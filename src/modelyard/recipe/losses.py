"""Loss and metrics as `params` or the architecture's module names them."""

from collections.abc import Sequence
from typing import Any

import keras

from modelyard.config.keras_names import LOSSES, METRICS, plain
from modelyard.config.own_code import explained
from modelyard.config.schema import Config
from modelyard.errors import UserError
from modelyard.tasks import task_of

from .own import OwnModule

SPARSE = "sparse_categorical_crossentropy"
SHORT = "accuracy"  # resolved by `compile` from the shape of the output


class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of integer labels, a share of each given to all classes alike."""

    def __init__(self, class_count: int, smoothing: float) -> None:
        """Keep how many classes there are, and which share they get."""
        super().__init__(name=SPARSE)
        self.class_count, self.smoothing = class_count, smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each example (batch,)."""
        labels = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
        hot = keras.ops.one_hot(labels, self.class_count)
        return keras.losses.categorical_crossentropy(hot, y_pred, label_smoothing=self.smoothing)


def loss(config: Config, own: OwnModule, given: dict[str, Any]) -> Any:
    """Return what `compile` takes as the loss.

    Raises:
        UserError: label_smoothing asks for what the loss cannot do.
    """
    params, task, name = config.params, task_of(config), config.params.loss
    found: Any
    if own.defines("loss"):
        found = own.call("loss", **given)
    elif task.LOSSES:
        found = task.LOSSES[name](given["class_count"]) if name in task.LOSSES else _own(own, name)
    elif not _known(name, LOSSES):
        found = _own(own, name)
    elif params.label_smoothing and plain(name) == plain(SPARSE):
        return SmoothedCrossentropy(given["class_count"], params.label_smoothing)
    else:
        of_task = getattr(task, "loss", None)
        found = of_task(name, config) if of_task else name
    if params.label_smoothing:
        raise UserError(
            f"{config.file}: params.label_smoothing is {params.label_smoothing}, which works with "
            f"params.loss {SPARSE} only; set it to 0, or smooth in a loss of your own."
        )
    return found


def metrics(
    config: Config, own: OwnModule, given: dict[str, Any], more: Sequence[str] = ()
) -> list[Any]:
    """Return what `compile` takes as metrics.

    Those of params, or of the module's own `metrics`; those of the task that early stopping or the
    search watch; and of `more` those that the task has.
    """
    offered, count = task_of(config).METRICS, given["class_count"]
    named = own.defines("metrics")
    found = _listed(own, own.call("metrics", **given)) if named else []
    names = [] if named else [*config.params.metrics]
    names += [one for one in (*_watched(config), *more) if one in offered]
    return found + [_metric(one, offered, own, count) for one in dict.fromkeys(names)]


def _metric(name: str, offered: Any, own: OwnModule, class_count: int) -> Any:
    if name in offered:
        return offered[name](class_count)
    return name if name == SHORT or _known(name, METRICS) else _own(own, name)


def _watched(config: Config) -> list[str]:
    """Return the metrics that early stopping and the search go by, without `val_`."""
    tuning = config.tuning
    watching = [config.params.early_stopping, tuning.objective, tuning.early_stopping]
    return [one.metric.removeprefix("val_") for one in watching if one]


def _own(own: OwnModule, name: str) -> Any:
    """Return a loss or metric of the architecture's module; a class is called without arguments."""
    found = own.find(name)
    if found is None:
        raise UserError(f"{own.file} has no {name!r}; define it there, or correct the name.")
    if isinstance(found, type):
        with explained(f"{name}()", "give its arguments default values"):
            return found()
    return found


def _listed(own: OwnModule, found: Any) -> list[Any]:
    if isinstance(found, Sequence) and not isinstance(found, str):
        return [*found]
    raise UserError(
        f"{own.place(own.find('metrics'))}: metrics returns {type(found).__name__}; return a list."
    )


def _known(name: str, names: Sequence[str]) -> bool:
    return plain(name) in map(plain, names)
