"""Hyperparameters whose values are known without TensorFlow: `check` refuses what Keras would."""

from collections.abc import Callable, Mapping

from modelyard.errors import UserError

from .choices import Value
from .schema import Config

Known = tuple[Callable[[float], bool], str]
# By name: the engine reads the first, the zoo's entries and the template have the second.
KNOWN: Mapping[str, Known] = {
    "learning_rate": (lambda rate: rate > 0, "a number above 0"),
    "dropout_rate": (lambda rate: 0 <= rate <= 1, "a number from 0 to 1"),
}


def check_known_values(source: str, config: Config) -> None:
    """Refuse values that a hyperparameter of that name cannot have, with every value it may get.

    Args:
        source: the file, and in model_tests.yaml the test.
        config: of a model that Keras trains; what an adapter reads is known to it alone.

    Raises:
        UserError: naming the hyperparameter, the value and what is allowed.
    """
    for name, entry in config.tuning.hyperparams.items():
        wrong = [value for value in entry.extremes if not _allowed(name, value)]
        if wrong:
            key = "default_value" if wrong[0] == entry.default_value else "tuning"
            raise UserError(
                f"{source}: tuning.hyperparams.{name}.{key} allows {wrong[0]!r}, but a {name} is "
                f"{KNOWN[name][1]}."
            )


def _allowed(name: str, value: Value) -> bool:
    if name not in KNOWN:
        return True
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and KNOWN[name][0](float(value))
