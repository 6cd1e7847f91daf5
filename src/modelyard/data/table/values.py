"""What a cell of a table may mean: a number, true or false, a date, or a category."""

import math
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

TRUE = ("true", "yes", "t", "y")
FALSE = ("false", "no", "f", "n")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
CODE = re.compile(r"[+-]?0\d+", re.ASCII)  # 01067 is a postcode, not 1,067
FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z",
    "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M", "%d-%m-%Y", "%m-%d-%Y",
)  # fmt: skip
LOOKS_LIKE_A_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].+)?", re.ASCII)
DAY = 86_400  # seconds


def is_number(text: str) -> bool:
    """Say whether a text is a finite number; one that begins with a needless 0 is a code."""
    return bool(NUMBER.fullmatch(text)) and not CODE.fullmatch(text) and math.isfinite(float(text))


def has_comma(text: str) -> bool:
    """Say whether a text is a number with a decimal comma, such as 3,14."""
    return text.count(",") == 1 and is_number(text.replace(",", "."))


def is_boolean(text: str) -> bool:
    """Say whether a text is a word for true or false."""
    return text.lower() in TRUE or text.lower() in FALSE


@lru_cache(maxsize=65_536)
def formats_of(text: str) -> tuple[str, ...]:
    """Return those of FORMATS that a text is a date in."""
    if not LOOKS_LIKE_A_DATE.fullmatch(text):
        return ()
    return tuple(one for one in FORMATS if is_date(text, one))


def is_date(text: str, written: str) -> bool:
    """Say whether a text is a date in a format."""
    try:
        datetime.strptime(text, written)
    except ValueError:
        return False
    return True


def to_number(text: str) -> float:
    """Return a text as a number.

    Raises:
        ValueError: it is not a finite number; the end of a sentence.
    """
    if not NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        raise ValueError("which is not a number")
    return number


def to_boolean(text: str) -> float:
    """Return 1 for true, yes, t, y or 1, and 0 for their opposites.

    Raises:
        ValueError: it is neither; the end of a sentence.
    """
    word = text.lower()
    if word in TRUE or word in ("1", "1.0"):
        return 1.0
    if word in FALSE or word in ("0", "0.0"):
        return 0.0
    raise ValueError("which is neither true nor false")


def to_days(text: str, written: str) -> float:
    """Return a date as days since 1970-01-01 00:00, in UTC where it has no zone.

    Raises:
        ValueError: it is not a date in that format; the end of a sentence.
    """
    try:
        date = datetime.strptime(text, written)
    except ValueError:
        raise ValueError(f"which is not a date such as {example_date(written)}") from None
    naive = date.replace(tzinfo=None)
    shift = date.utcoffset()
    seconds = (naive - datetime(1970, 1, 1)).total_seconds()
    return (seconds - (shift.total_seconds() if shift else 0)) / DAY


def example_date(written: str) -> str:
    """Return a date as a format writes it."""
    return datetime(2024, 12, 31, 18, 30).strftime(written)


def written_days(days: float, written: str) -> str:
    """Return days since 1970-01-01 as a format writes them."""
    seconds = round(days * DAY)
    date = _at(seconds)
    return date.strftime(written.replace("%Y", f"{date.year:04}"))  # strftime writes 0001 as 1


def _at(seconds: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)


def told_apart(formats: Iterable[str]) -> str:
    """Return formats for a sentence, each with an example."""
    return " and ".join(f"{one!r} ({example_date(one)})" for one in formats)
