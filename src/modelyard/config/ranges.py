"""What a search may try for one hyperparameter: a range of numbers."""

import math
from collections.abc import Sequence
from typing import Generic, Literal, Self

from pydantic import model_validator

from .choices import LARGEST, Searched, Value
from .steps import Number, Steps, linear_count, log_count, rounded

Sampling = Literal["linear", "log", "reverse_log"]

GRID_POINTS = 10  # of a range without step in a grid search, as in KerasTuner
MOST_STEPS = 10**9


class _Range(Searched, Generic[Number]):
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
        self._check_ends()
        if not linear and self.min <= 0:
            raise ValueError(f"{self.sampling} sampling needs a min above 0, not {self.min}")
        if self.step is None:
            return self
        lowest, highest = (0, self.max - self.min) if linear else (1, self.max / self.min)
        if not lowest < self.step <= rounded(highest):
            raise ValueError(
                f"step {self.step} must be above {lowest} and at most {highest:g} "
                f"with {self.sampling} sampling"
            )
        return self._check_steps(self.step)

    def _check_ends(self) -> None:
        """Refuse ends that arithmetic cannot reach."""
        for key in ("min", "max"):
            if isinstance(end := getattr(self, key), int) and abs(end) > LARGEST:
                raise ValueError(f"{key} {end} must be from -{LARGEST} to {LARGEST}")
        if self.min >= self.max:
            raise ValueError(f"min {self.min} must be below max {self.max}")
        ratio = self.max / self.min if self.min > 0 else 1
        if not math.isfinite(self.max - self.min) or not math.isfinite(ratio):
            raise ValueError(f"min {self.min} and max {self.max} are too far apart")

    def _check_steps(self, step: Number) -> Self:
        """Refuse a step with which there are too many values, or which leads past max."""
        try:
            many = self._count(step) > MOST_STEPS
        except (OverflowError, ZeroDivisionError):  # as good as infinitely many
            many = True
        if many:
            raise ValueError(
                f"step {step} makes more than {MOST_STEPS} values; write a larger one, or leave "
                "step out"
            )
        steps = self._steps()
        first, last = steps[0], steps[-1]
        if not (math.isclose(first, self.min) and math.isclose(last, self.max)):
            raise ValueError(
                f"step {step} does not lead from min {self.min} to max {self.max} with "
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
        """Return a drawn number inside the range, of its type, and one of its steps."""
        inside = min(max(self._typed(value), self.min), self.max)
        return inside if self.step is None else self._steps().nearest(inside)

    def problem(self, value: Value) -> str | None:
        """Say why a value is not allowed, or None."""
        if problem := self.kind(value):
            return problem
        if not isinstance(value, int | float) or not self.min <= value <= self.max:
            return f"is outside {self.min} to {self.max}"
        if self.step is not None and value not in self._steps():
            return f"is none of the steps {self._steps()}"
        return None

    def kind(self, value: object) -> str | None:
        """Say why a value is of another kind, or None."""
        wanted = (int, float) if isinstance(self.min, float) else int
        if isinstance(value, bool) or not isinstance(value, wanted):
            return "is not a number" if isinstance(self.min, float) else "is not a whole number"
        return None

    def _typed(self, value: float) -> Number:
        return round(value) if isinstance(self.min, int) else rounded(value)

    def _count(self, step: Number) -> int:
        linear = self.sampling == "linear"
        return (linear_count if linear else log_count)(self.min, self.max, step)

    def _steps(self) -> Steps[Number]:
        """Return min, min + step, … up to max, or their products with log samplings."""
        low, high, step = self.min, self.max, self.step or 1
        count = self._count(step)
        if self.sampling == "linear":
            return Steps(count, lambda i: self._typed(low + i * step))
        if self.sampling == "log":
            return Steps(count, lambda i: self._typed(low * step**i))
        return Steps(count, lambda i: self._typed(high + low - low * step ** (count - 1 - i)))


class IntTuning(_Range[int]):
    """Whole numbers."""

    param_type: Literal["int"]

    def candidates(self) -> Sequence[int]:
        """Return all values in ascending order."""
        return super().candidates() or range(self.min, self.max + 1)


class FloatTuning(_Range[float]):
    """Real numbers."""

    param_type: Literal["float"]
