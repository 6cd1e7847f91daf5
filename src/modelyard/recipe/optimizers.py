"""The optimizer as `params` describes it."""

from typing import Any

import keras

from modelyard.config.hyperparameters import Hyperparameters
from modelyard.config.keras_names import plain
from modelyard.config.schema import Config
from modelyard.config.training_section import optimizer_parts
from modelyard.errors import UserError

from .own import OwnModule


def optimizer(config: Config, own: OwnModule, given: dict[str, Any]) -> keras.optimizers.Optimizer:
    """Return what the module's own `optimizer` returns, else what `params` says.

    Raises:
        UserError: Keras refuses an argument, or params asks for what an own optimizer decides.
    """
    if own.defines("optimizer"):
        found = own.call("optimizer", **given)
        _refuse_what_it_decides(config, own)
        if isinstance(found, keras.optimizers.Optimizer):
            _refuse_two_schedules(config, own, found)
            return found
        raise UserError(
            f"{own.place(own.find('optimizer'))}: optimizer returns {type(found).__name__}; return "
            "an optimizer of Keras, such as keras.optimizers.Adam(0.001)."
        )
    return _from_params(config, given["hyperparameters"])


def _from_params(config: Config, hyperparameters: Hyperparameters) -> keras.optimizers.Optimizer:
    params = config.params
    name, arguments = optimizer_parts(params.optimizer)
    if params.gradient_accumulation > 1:
        arguments["gradient_accumulation_steps"] = params.gradient_accumulation
    if params.ema:
        arguments |= {"use_ema": True, "ema_momentum": params.ema}
    try:
        found = keras.optimizers.get({"class_name": plain(name), "config": arguments})
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{config.file}: params.optimizer: Keras refuses {arguments} for {name} "
            f"({str(error).splitlines()[0]}); correct the arguments."
        ) from None
    found.learning_rate = hyperparameters["learning_rate"]
    return found


def _refuse_what_it_decides(config: Config, own: OwnModule) -> None:
    """Refuse keys that would be ignored in silence."""
    params = config.params
    ignored = {"gradient_accumulation": params.gradient_accumulation > 1, "ema": params.ema > 0,
               "optimizer": not isinstance(params.optimizer, str)}  # fmt: skip
    for key, ask in ignored.items():
        if ask:
            raise UserError(
                f"{config.file}: params.{key} is {getattr(params, key)!r}, but {own.file} defines "
                f"optimizer(), which decides; set it there, or remove one of the two."
            )


def _refuse_two_schedules(
    config: Config, own: OwnModule, found: keras.optimizers.Optimizer
) -> None:
    scheduled = isinstance(
        getattr(found, "_learning_rate", None), keras.optimizers.schedules.LearningRateSchedule
    )
    if scheduled and config.params.schedule:
        raise UserError(
            f"{config.file}: params.schedule is set, and optimizer() of {own.file} has a schedule "
            "of its own; remove one of the two."
        )
