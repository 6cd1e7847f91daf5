"""All that changes while a model trains, by path: weights, random states, the optimizer's."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from modelyard.errors import UserError


def state_of(model: keras.Model) -> dict[str, np.ndarray]:
    """Return the values of all variables of a compiled model by their paths."""
    return {path: np.asarray(variable) for path, variable in _variables(model).items()}


def restore_state(model: keras.Model, state: Mapping[str, Any]) -> None:
    """Put all variables of a compiled model back.

    Raises:
        UserError: the state is of another model.
    """
    check_fits(model, state)
    for path, variable in _variables(model).items():
        variable.assign(state[path])


def check_fits(model: keras.Model, state: Mapping[str, Any]) -> None:
    """Refuse a state of other variables, before one of them is changed."""
    variables = _variables(model)
    unknown = sorted(set(variables) ^ set(state))
    if unknown:
        raise UserError(
            f"A backup of {model.name} does not fit it: {unknown[0]} is only in one of them; "
            "remove the folder .checkpoints/train to train from the beginning."
        )
    for path, variable in variables.items():
        if tuple(np.shape(state[path])) != tuple(variable.shape):
            raise UserError(
                f"A backup of {model.name} does not fit it: {path} has the shape "
                f"{tuple(np.shape(state[path]))}, not {tuple(variable.shape)}; remove the folder "
                ".checkpoints/train to train from the beginning."
            )


def keep_average(model: keras.Model) -> None:
    """Put the moving average of the weights, if there is one, in their place."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if getattr(optimizer, "use_ema", False):
        averaged = optimizer._trainable_variables
        type(optimizer).finalize_variable_values(optimizer, averaged)


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Return the variables by path; a path that occurs again gets a number."""
    found: dict[str, keras.Variable] = {}
    for variable in [*model.variables, *model.optimizer.variables]:
        path, number = variable.path, 2
        while path in found:
            path, number = f"{variable.path}#{number}", number + 1
        found[path] = variable
    return found
