"""A hyperparameter as an entry of the zoo writes it, also in ZazuML's short form."""

import math
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from modelyard.config.choices import Value
from modelyard.config.hyperparameters import Hyperparameter
from modelyard.config.ranges import Sampling
from modelyard.config.section import Section

RANGE = ("param_type", "min", "max", "step", "sampling", "values")


def finite(value: Any) -> Any:
    """Refuse NaN and infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


Finite = Annotated[Value, AfterValidator(finite)]
Line = Annotated[str, Field(pattern=r"^[^\r\n]+$")]


class Tunable(Section):
    """A hyperparameter to be searched: one of `values`, or the keys of a `tuning` section.

    Attributes:
        name: of the hyperparameter.
        why: a comment for the model's configuration.
        default_value: where none is given, the middle one of `values`.
        values: what may be tried, each of them; or a range with the keys below.
        param_type: int, float, boolean or choice.
        min: the smallest value.
        max: the largest value, included.
        step: between two values.
        sampling: how values are drawn, as in `tuning`.
    """

    name: Line
    why: Line | None = None
    default_value: Finite | None = None
    values: list[Finite] | None = Field(default=None, min_length=1)
    param_type: str | None = None
    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    sampling: Sampling | None = None

    def declared(self) -> dict[str, Any]:
        """Return it as `tuning.hyperparams` of a model's configuration declares it."""
        tuning = {key: getattr(self, key) for key in RANGE if getattr(self, key) is not None}
        default = self.default_value
        if self.values is not None:
            values = _of_one_type(self.values)
            # ZazuML names a sampling here, too; of a list of values it says nothing.
            tuning = {"param_type": "choice", "values": values} if self.plain else tuning
            default = values[len(values) // 2] if default is None else default
            if isinstance(values[0], float) and type(default) is int:
                default = float(default)
        why = {"why": self.why} if self.why else {}
        return why | {"default_value": default, "tuning": {"tune": True, **tuning}}

    @property
    def plain(self) -> bool:
        """Whether it is a list of values, as ZazuML has it."""
        return self.values is not None and self.param_type is None

    @model_validator(mode="after")
    def _can_be_searched(self) -> Self:
        if self.values is None and self.default_value is None:
            raise ValueError("needs `values`, or a `default_value` with param_type, min and max")
        try:
            document = {key: what for key, what in self.declared().items() if key != "why"}
            Hyperparameter.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            keys = [part for part in first["loc"] if part in Tunable.model_fields]
            said = first["msg"].removeprefix("Value error, ")
            raise ValueError(f"{keys[-1]}: {said}" if keys else said) from None
        return self


def _of_one_type(values: list[Value]) -> list[Value]:
    """Return numbers of both kinds as floats: a choice is of one type."""
    kinds = {type(value) for value in values}
    return [float(value) for value in values] if kinds == {int, float} else values
