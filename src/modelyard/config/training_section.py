"""Parts of `params`: optimizer, learning rate, precision, weights to begin with, devices."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modelyard.errors import did_you_mean

from .data_section import Positive
from .keras_names import ARGUMENT_FLAGS, ARGUMENT_LISTS, OPTIMIZERS, SHARED, plain
from .section import Section

Share = Annotated[float, Field(ge=0, lt=1)]


def optimizer_parts(value: str | dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of an optimizer and its arguments."""
    if isinstance(value, str):
        return value, {}
    return value["name"], {key: one for key, one in value.items() if key != "name"}


def _optimizer(value: Any) -> Any:
    """Check a name, or a section of a name and arguments."""
    if isinstance(value, dict) and not isinstance(value.get("name"), str):
        raise ValueError("needs a name, such as {name: sgd, momentum: 0.9}")
    if not isinstance(value, str | dict):
        raise ValueError("write a name, such as adam, or {name: sgd, momentum: 0.9}")
    name, arguments = optimizer_parts(value)
    known = next((one for one in OPTIMIZERS if plain(one) == plain(name)), None)
    if known is None:
        hint = did_you_mean(name.lower(), OPTIMIZERS)
        raise ValueError(
            f"there is no such optimizer in Keras{hint}; known: {', '.join(OPTIMIZERS)}"
        )
    for key, one in arguments.items():
        _check_argument(known, str(key), one)
    return value


def _check_argument(name: str, key: str, value: object) -> None:
    allowed = (*OPTIMIZERS[name], *SHARED)
    if key == "learning_rate":
        raise ValueError("its learning_rate is the hyperparameter of that name; set it there")
    elsewhere = {"gradient_accumulation_steps": "gradient_accumulation", "use_ema": "ema",
                 "ema_momentum": "ema", "ema_overwrite_frequency": "ema"}  # fmt: skip
    if key in elsewhere:
        raise ValueError(f"write params.{elsewhere[key]} in place of the argument {key}")
    if key not in allowed:
        hint = did_you_mean(key, allowed)
        raise ValueError(f"{name} has no argument {key!r}{hint}; known: {', '.join(allowed)}")
    if problem := _argument_problem(key, value):
        raise ValueError(f"{key} is {value!r}; write {problem}")


def _argument_problem(key: str, value: object) -> str | None:
    if key in ARGUMENT_LISTS:
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return None if texts else "a list of texts"
    if key in ARGUMENT_FLAGS:
        return None if isinstance(value, bool) else "true or false"
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return None
    return None if value is None else "a finite number"


Optimizer = Annotated[Any, AfterValidator(_optimizer)]


class _Schedule(Section):
    """How the learning rate changes; the hyperparameter `learning_rate` is its highest value.

    Attributes:
        name: which schedule.
        warmup_epochs: over which it rises from 0, step by step; may be a fraction.
    """

    warmup_epochs: Annotated[float, Field(ge=0, le=10**9)] = 0.0


class Cosine(_Schedule):
    """Falls along half a cosine to the last epoch.

    Attributes:
        final_share: of the learning rate, at the end.
    """

    name: Literal["cosine"]
    final_share: Annotated[float, Field(ge=0, le=1)] = 0.0


class Exponential(_Schedule):
    """Falls by the same factor each epoch, smoothly.

    Attributes:
        factor: by epoch.
    """

    name: Literal["exponential"]
    factor: Annotated[float, Field(gt=0, le=1)] = 0.95


class Piecewise(_Schedule):
    """Falls at given epochs.

    Attributes:
        epochs: after which it changes, ascending.
        factors: of the learning rate from then on, one for each of the epochs.
    """

    name: Literal["piecewise"]
    epochs: list[Positive] = Field(min_length=1)
    factors: list[Annotated[float, Field(gt=0)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.epochs) != len(self.factors):
            raise ValueError(
                f"has {len(self.epochs)} epochs and {len(self.factors)} factors; write one factor "
                "for each epoch"
            )
        if sorted(set(self.epochs)) != self.epochs:
            raise ValueError(f"epochs {self.epochs} must ascend")
        return self


class ReduceOnPlateau(_Schedule):
    """Falls when `early_stopping.metric` has not improved for some epochs.

    Attributes:
        factor: by which it falls.
        patience: epochs without an improvement before it does.
        least_share: of the learning rate, below which it never falls.
    """

    name: Literal["reduce_on_plateau"]
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    patience: Positive = 3
    least_share: Share = 0.0


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Schedule = Annotated[
    Annotated[Cosine | Exponential | Piecewise | ReduceOnPlateau, Field(discriminator="name")]
    | None,
    BeforeValidator(_named),
]


class Freeze(Section):
    """Layers that do not learn; only for a network that does not begin at random.

    Attributes:
        layers: patterns of their names, such as `backbone` or `block_*`.
        unfreeze_at_epoch: from this epoch on, counted from 1, they learn too; without it never.
    """

    layers: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    unfreeze_at_epoch: Annotated[int, Field(ge=2)] | None = None


def _class_weight(value: Any) -> Any:
    if value is None or value == "balanced":
        return value
    if isinstance(value, dict) and value:
        wrong = [key for key, one in value.items() if not _positive(one)]
        if not wrong:
            return {str(key): float(one) for key, one in value.items()}
        raise ValueError(
            f"the weight of {wrong[0]!r} is {value[wrong[0]]!r}; write a number above 0"
        )
    raise ValueError("write balanced, or a weight for each class by name, such as {cat: 2, dog: 1}")


def _positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value > 0


ClassWeight = Annotated[Any, AfterValidator(_class_weight)]

PRECISIONS = {"float16": "float16", "mixed_float16": "float16", "bfloat16": "bfloat16",
              "mixed_bfloat16": "bfloat16"}  # fmt: skip


def _precision(value: Any) -> Any:
    if value is None or value is False or value == "float32":
        return False
    if value is True:
        return "float16"
    if isinstance(value, str) and value in PRECISIONS:
        return PRECISIONS[value]
    hint = did_you_mean(str(value), PRECISIONS)
    raise ValueError(f"write false, float16 or bfloat16{hint}")


MixedPrecision = Annotated[Any, AfterValidator(_precision)]


MOST_DEVICES = 1024  # of one machine


def _devices(value: Any) -> Any:
    if value == "all" or (type(value) is int and 0 < value <= MOST_DEVICES):
        return value
    numbers = isinstance(value, list) and all(
        type(one) is int and 0 <= one < MOST_DEVICES for one in value
    )
    if numbers and value and len(set(value)) == len(value):
        return value
    raise ValueError("write all, how many, or their numbers, such as [0, 1]")


Devices = Annotated[Any, AfterValidator(_devices)]
