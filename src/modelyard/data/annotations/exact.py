"""Numbers as files write them: adding two and subtracting one again gives the other, exactly."""

from decimal import Context, Decimal
from math import isfinite
from typing import Any, Self

HIGHEST = 1e9  # pixels; also keeps NaN and infinity out
PAPER = Context(prec=1000)  # more digits than a sum of two numbers of pixels has


class Exact(float):
    """A number that keeps the digits it was written with; `str` gives them."""

    digits: str

    def __new__(cls, digits: str) -> Self:
        """Raises ValueError: it is not a number."""
        number = super().__new__(cls, digits)
        number.digits = str(Decimal(digits)) if isfinite(number) else float.__repr__(number)
        return number

    def __str__(self) -> str:
        return self.digits


def add(left: float, right: float) -> float:
    """Add as on paper: binary numbers would lose the last digit of many a box."""
    return _number(PAPER.add(Decimal(str(left)), Decimal(str(right))), left, right)


def subtract(left: float, right: float) -> float:
    """Subtract as on paper; integers give an integer."""
    return _number(PAPER.subtract(Decimal(str(left)), Decimal(str(right))), left, right)


def is_number(value: Any) -> bool:
    """Say whether a value of JSON is a number of pixels; `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < HIGHEST


def parse_number(text: str) -> float:
    """Return an int where the text is one. Raises ValueError: it is not a number."""
    try:
        return int(text)
    except ValueError:
        return Exact(text)


def _number(result: Decimal, left: float, right: float) -> float:
    whole = isinstance(left, int) and isinstance(right, int)
    return int(result) if whole else Exact(str(result))
