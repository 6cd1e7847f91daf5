"""What a search may try for one hyperparameter that is not a range: true or false, or a choice."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from .section import Section

LARGEST = 2**53  # beyond it, whole numbers lose digits on their way through a search


def _value(value: object) -> object:
    """Refuse what no hyperparameter can be; each kind of a union would report it in its own way."""
    if not isinstance(value, bool | int | float | str):
        raise ValueError("must be a number, a text, or true or false")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError(f"must be a number from -{LARGEST} to {LARGEST}")
    return value


Value = Annotated[bool | int | float | str, BeforeValidator(_value)]


class Searched(Section):
    """What all kinds have in common.

    Attributes:
        tune: false keeps the range for later and uses the default value.
        param_type: decides which other keys there are.
        when: searched only while other hyperparameters have these values, else the default value.
    """

    tune: bool
    when: dict[str, Value] = Field(default_factory=dict)


class BooleanTuning(Searched):
    """True or false."""

    param_type: Literal["boolean"]

    def candidates(self) -> Sequence[bool]:
        """Return both values."""
        return (False, True)

    grid = candidates

    def position(self, value: bool) -> float:  # noqa: FBT001
        """Return 0 for false, 1 for true."""
        return float(value)

    def typed(self, value: Value) -> bool:
        """Return a drawn value as a truth value."""
        return bool(value)

    def problem(self, value: Value) -> str | None:
        """Say why a value is not boolean, or None."""
        return self.kind(value)

    def kind(self, value: object) -> str | None:
        """Say why a value is not boolean, or None."""
        return None if isinstance(value, bool) else "is neither true nor false"


class ChoiceTuning(Searched):
    """One of the listed values, all of one type.

    Attributes:
        values: all of one type, each once.
    """

    param_type: Literal["choice"]
    values: list[Value] = Field(min_length=1)

    @field_validator("values")
    @classmethod
    def _one_type(cls, values: list[Value]) -> list[Value]:
        if len({type(value) for value in values}) > 1:
            raise ValueError("mixes types; write all values as one type")
        if len(set(values)) < len(values):
            raise ValueError("names a value twice; write each once")
        return values

    def candidates(self) -> Sequence[Value]:
        """Return the listed values."""
        return self.values

    grid = candidates

    def position(self, value: Value) -> float:
        """Return the place in the list, 0 for the first and 1 for the last."""
        return self.values.index(value) / max(len(self.values) - 1, 1)

    def typed(self, value: Value) -> Value:
        """Return the listed value that equals a drawn one; true comes back as 1 from gRPC."""
        return self.values[self.values.index(value)]

    def problem(self, value: Value) -> str | None:
        """Say why a value is none of the choices, or None."""
        fits = value in self.values and self.kind(value) is None
        return None if fits else f"is none of {self.values}"

    def kind(self, value: object) -> str | None:
        """Say why a value is of another type than the choices, or None."""
        fits = isinstance(value, type(self.values[0]))
        return None if fits else f"is not of the kind of {self.values}"
