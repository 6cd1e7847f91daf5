"""What a search may try for one hyperparameter: a range of numbers, true or false, a choice."""

import math
from collections.abc import Sequence
from typing import Generic, Literal, Self, TypeVar

from pydantic import Field, field_validator, model_validator

from .section import Section

Value = bool | int | float | str
Sampling = Literal["linear", "log", "reverse_log"]
Number = TypeVar("Number", int, float)

GRID_POINTS = 10  # of a range without step in a grid search, as in KerasTuner
PRECISION = 10  # significant digits of a step: 0.1 * 3 is 0.3, not 0.30000000000000004


class _Searched(Section):
    """What all kinds have in common.

    Attributes:
        tune: false keeps the range for later and uses the default value.
        param_type: decides which other keys there are.
        when: searched only while other hyperparameters have these values, else the default value.
    """

    tune: bool
    when: dict[str, Value] = Field(default_factory=dict)


class _Range(_Searched, Generic[Number]):
    """Numbers from min to max, both included; with log samplings a step multiplies.

    Attributes:
        min: the smallest value; above 0 with log samplings.
        max: the largest value.
        step: between two values, a factor with log samplings; it must lead from min to max.
        sampling: log tries small values as often as large ones, reverse_log large ones most.
    """

    min: Number
    max: Number
    step: Number | None = None
    sampling: Sampling = "linear"

    @model_validator(mode="after")
    def _check(self) -> Self:
        linear = self.sampling == "linear"
        if self.min >= self.max:
            raise ValueError(f"min {self.min} must be below max {self.max}")
        if not linear and self.min <= 0:
            raise ValueError(f"{self.sampling} sampling needs a min above 0, not {self.min}")
        if self.step is None:
            return self
        lowest, highest = (0, self.max - self.min) if linear else (1, self.max / self.min)
        if not lowest < self.step <= _rounded(highest):
            raise ValueError(
                f"step {self.step} must be above {lowest} and at most {highest:g} "
                f"with {self.sampling} sampling"
            )
        first, *_, last = self._steps()
        if not (math.isclose(first, self.min) and math.isclose(last, self.max)):
            raise ValueError(
                f"step {self.step} does not lead from min {self.min} to max {self.max} with "
                f"{self.sampling} sampling; write min: {first}, max: {last} or another step"
            )
        return self

    def candidates(self) -> Sequence[Number] | None:
        """Return all values in ascending order, None for a continuous range."""
        return None if self.step is None else self._steps()

    def grid(self) -> Sequence[Number]:
        """Return the values that a grid search tries."""
        values = self.candidates()
        if values is not None and (self.sampling == "linear" or self.step is not None):
            return values
        points = [self.at(i / (GRID_POINTS - 1)) for i in range(GRID_POINTS)]
        return list(dict.fromkeys(self._typed(point) for point in points))

    def position(self, value: Number) -> float:
        """Return where a value lies, 0 at min and 1 at max, on the scale it is drawn from."""
        low, high = float(self.min), float(self.max)
        if self.sampling == "linear":
            return (value - low) / (high - low)
        if self.sampling == "log":
            return math.log(value / low) / math.log(high / low)
        return 1 - math.log((high + low - value) / low) / math.log(high / low)

    def at(self, position: float) -> float:
        """Return the number at a position; the inverse of `position`."""
        low, high = float(self.min), float(self.max)
        if self.sampling == "linear":
            return low + position * (high - low)
        if self.sampling == "log":
            return low * math.pow(high / low, position)
        return high + low - low * math.pow(high / low, 1 - position)

    def typed(self, value: float) -> Number:
        """Return a drawn number inside the range and of its type."""
        return min(max(self._typed(value), self.min), self.max)

    def problem(self, value: Value) -> str | None:
        """Say why a value is not allowed, or None."""
        wanted = (int, float) if isinstance(self.min, float) else int
        if isinstance(value, bool) or not isinstance(value, wanted):
            return "is not a number" if isinstance(self.min, float) else "is not a whole number"
        if not self.min <= value <= self.max:
            return f"is outside {self.min} to {self.max}"
        if self.step is not None and value not in self._steps():
            return f"is none of the steps {', '.join(map(str, self._steps()))}"
        return None

    def _typed(self, value: float) -> Number:
        return round(value) if isinstance(self.min, int) else _rounded(value)

    def _steps(self) -> list[Number]:
        """Return min, min + step, … up to max, or their products with log samplings."""
        low, high, step = self.min, self.max, self.step or 1
        if self.sampling == "linear":
            count = math.floor(_rounded((high - low) / step)) + 1
            return [self._typed(low + i * step) for i in range(count)]
        count = math.floor(_rounded(math.log(high / low, step))) + 1
        if self.sampling == "log":
            return [self._typed(low * step**i) for i in range(count)]
        return [self._typed(high + low - low * step**i) for i in reversed(range(count))]


class IntTuning(_Range[int]):
    """Whole numbers."""

    param_type: Literal["int"]

    def candidates(self) -> Sequence[int]:
        """Return all values in ascending order."""
        return super().candidates() or range(self.min, self.max + 1)


class FloatTuning(_Range[float]):
    """Real numbers."""

    param_type: Literal["float"]


class BooleanTuning(_Searched):
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
        return None if isinstance(value, bool) else "is neither true nor false"


class ChoiceTuning(_Searched):
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
        fits = value in self.values and isinstance(value, type(self.values[0]))
        return None if fits else f"is none of {self.values}"


def _rounded(value: float) -> float:
    return float(f"{value:.{PRECISION}g}")
