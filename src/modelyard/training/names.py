"""Names of Keras objects in the configuration: refuse unknown ones before training."""

from collections.abc import Collection
from pathlib import Path
from types import ModuleType

import keras

from modelyard.config.schema import Config
from modelyard.errors import UserError, did_you_mean
from modelyard.tasks import Datasets

SHORT_METRICS = ["accuracy"]  # resolved by `compile` from the shape of the output
NEED_ARGUMENTS = {"LossScaleOptimizer", "MultiOptimizer", "Optimizer", "OptimizerMap"}


def check_names(config: Config, losses: Collection[str]) -> None:
    """Refuse an unknown optimizer, loss or metric with the nearest known name and all others.

    `losses` are the task's own; if there are none, Keras's are meant.
    """
    params = config.params
    _check(config.file, "optimizer", params.optimizer, keras.optimizers)
    if not losses:
        _check(config.file, "loss", params.loss, keras.losses)
    elif params.loss not in losses:
        raise UserError(
            f"{config.file}: params.loss is {params.loss!r}, which {config.task} does not know"
            f"{did_you_mean(params.loss, losses)}; known: {', '.join(losses)}."
        )
    for metric in params.metrics:
        if metric not in SHORT_METRICS:
            _check(config.file, "metrics", metric, keras.metrics)


def reported(model: keras.Model, config: Config, data: Datasets) -> list[str]:
    """Return what a compiled model reports on a batch, as `<name>` and `val_<name>`.

    Raises:
        UserError: loss or metrics do not fit the targets.
    """
    images, targets = next(iter(data.validation))
    try:
        names = model.test_on_batch(images, targets, return_dict=True)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"{config.file}: params.loss is {config.params.loss!r}: it or params.metrics do not "
            f"fit the targets {targets.shape} and the output {model.output_shape}: {reason}"
        ) from None
    return [f"{prefix}{name}" for prefix in ("", "val_") for name in names]


def check_reported(file: Path, key: str, metric: str, reported: list[str]) -> None:
    """Refuse a metric that the model does not report, with the nearest one and all others."""
    if metric not in reported:
        raise UserError(
            f"{file}: {key} is {metric!r}, which the model does not report"
            f"{did_you_mean(metric, reported)}; reported: {', '.join(reported)}."
        )


def _check(file: Path, key: str, name: str, module: ModuleType) -> None:
    try:
        module.get(name)
    except ValueError:
        known = sorted({*_names(module), *(SHORT_METRICS if module is keras.metrics else [])})
        raise UserError(
            f"{file}: params.{key} names {name!r}, which Keras does not know"
            f"{did_you_mean(name, known)}; known: {', '.join(known)}."
        ) from None


def _names(module: ModuleType) -> list[str]:
    """Return the configuration spelling of what a Keras module offers."""
    public = [name for name in vars(module) if not name.startswith("_")]
    if module is keras.optimizers:
        classes = [name for name in public if isinstance(getattr(module, name), type)]
        return [name.lower() for name in classes if name not in NEED_ARGUMENTS]
    other = {"deserialize", "get", "serialize"}
    return [name for name in public if name.islower() and name not in other]
