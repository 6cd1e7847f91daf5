"""The values of a range with steps: counted and looked up, never listed."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, overload

Number = TypeVar("Number", int, float)

PRECISION = 10  # significant digits of a step: 0.1 * 3 is 0.3, not 0.30000000000000004
SHOWN = 20  # so many values are named in a message, of more the first and the last


class Steps(Sequence[Number], Generic[Number]):
    """Values in ascending order, each computed when it is asked for."""

    def __init__(self, count: int, at: Callable[[int], Number]) -> None:
        """Have `count` values; `at` returns one by its place, from 0."""
        self._count = count
        self._at: Callable[[int], Number] = at

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    @overload
    def __getitem__(self, place: int) -> Number: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Number]: ...

    def __getitem__(self, place: int | slice) -> Number | Sequence[Number]:
        """Return a value by its place, or a part of them."""
        places = range(self._count)[place]
        if isinstance(places, range):
            return Steps(len(places), lambda number: self._at(places[number]))
        return self._at(places)

    def __contains__(self, value: object) -> bool:
        """Say whether a number is one of them, by bisection."""
        return isinstance(value, int | float) and self.nearest(value) == value

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Return the place of a value, by bisection."""
        place = bisect_left(self, value)
        if place == self._count or self[place] != value:
            raise ValueError(f"{value} is none of the steps")
        return place if (start, stop) == (0, None) else super().index(value, start, stop or 0)

    def nearest(self, value: float) -> Number:
        """Return the value that is nearest to a number, of two the lower."""
        place = bisect_left(self, value)
        near = [self[i] for i in (place - 1, place) if 0 <= i < self._count]
        return min(near, key=lambda one: abs(one - value))

    def __str__(self) -> str:
        """Return the values as a message names them."""
        if self._count <= SHOWN:
            return ", ".join(map(str, self))
        return f"{self[0]}, {self[1]}, {self[2]}, …, {self[-1]}"


class DefaultFirst(Sequence[Any]):
    """Values with the default first, whether or not it is one of them."""

    def __init__(self, default: object, values: Sequence[Any]) -> None:
        """Put `default` before `values`, which have it once at most."""
        self._values = values
        self._first = default
        self._place = values.index(default) if default in values else len(values)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._values) + (self._place == len(self._values))

    def __getitem__(self, place: Any) -> Any:
        """Return a value by its place."""
        number = range(len(self))[place]
        if number == 0:
            return self._first
        return self._values[number - 1 if number <= self._place else number]


def linear_count(low: Number, high: Number, step: Number) -> int:
    """Return how many values low, low + step, … there are up to high."""
    if isinstance(low, int):
        return int((high - low) // step) + 1
    return math.floor(rounded((high - low) / step)) + 1


def log_count(low: float, high: float, step: float) -> int:
    """Return how many values low, low * step, … there are up to high."""
    return math.floor(rounded(math.log(high / low, step))) + 1


def rounded(value: float) -> float:
    """Return a number to as many digits as count."""
    return float(f"{value:.{PRECISION}g}")
