"""Numbers as files write them: adding two and subtracting one again gives the other, exactly."""

import re
from decimal import Context, Decimal
from math import isfinite
from typing import Any, Self

HIGHEST = 1e9  # pixels; also keeps NaN and infinity out
WHOLE = re.compile(r"[+-]?\d{1,300}", re.ASCII)  # int() also reads 1_0
WRITTEN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
PAPER = Context(prec=1000)  # more digits than a sum of two numbers of pixels has


class Exact(float):
    """A number that keeps the digits it was written with; `str` gives them."""

    __slots__ = ("_digits",)
    _digits: str

    def __new__(cls, digits: str) -> Self:
        """Raises ValueError: it is not a number."""
        number = super().__new__(cls, digits)
        number._digits = digits
        return number

    def __str__(self) -> str:
        return str(Decimal(self._digits)) if isfinite(self) else float.__repr__(self)


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
    """Return an int where the text is one.

    Raises:
        ValueError: it is not a number as files write them; the end of a sentence.
    """
    if WHOLE.fullmatch(text):
        return int(text)
    if WRITTEN.fullmatch(text):
        return Exact(text)
    if WRITTEN.fullmatch(text.replace(",", ".", 1)):
        raise ValueError("which has a decimal comma; write a point")
    raise ValueError("which is not a number")


def to_number(value: Any) -> float:
    """Return a number of JSON that may be written as text, such as "80".

    Raises:
        ValueError: it is not a number of pixels; the end of a sentence.
    """
    number = parse_number(value.strip()) if isinstance(value, str) else value
    if not is_number(number):
        raise ValueError("which is not a number of pixels")
    return number


def _number(result: Decimal, left: float, right: float) -> float:
    whole = isinstance(left, int) and isinstance(right, int)
    return int(result) if whole else Exact(str(result))
