"""What the cells of a column look like, counted row by row in bounded memory."""

import math
from collections import Counter
from dataclasses import dataclass, field

from .values import formats_of, has_comma, is_boolean, is_number

MOST_DISTINCT = 20_000  # values of one column in memory; then they are counted by what they are
NUMBER, BOOLEAN, DATE, COMMA = "number", "boolean", "date", "comma"


@dataclass
class Sight:
    """One column, as far as it has been seen.

    Attributes:
        name: of the column.
        cells: how many were seen.
        missing: how many of them are missing.
        kinds: of the others, how many are a number, true or false, a date, or a number with
            a decimal comma.
        formats: how many are a date in each format.
        first: of each format, and of what is not a number or not a date, the first value with
            its line.
        fractions: whether a number is not whole.
        low, high: the least and the greatest number.
    """

    name: str
    cells: int = 0
    missing: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[int, str]] = field(default_factory=dict)
    fractions: bool = False
    low: float = math.inf
    high: float = -math.inf
    _waiting: dict[str, list[int]] = field(default_factory=dict)
    _counted: int = 0

    def see(self, cell: str, line: int) -> None:
        """Count a cell that is not missing."""
        self.cells += 1
        known = self._waiting.get(cell)
        if known is not None:
            known[0] += 1
            return
        if len(self._waiting) >= MOST_DISTINCT:
            self.settle()
        self._waiting[cell] = [1, line]

    def see_missing(self) -> None:
        """Count a missing cell."""
        self.cells += 1
        self.missing += 1

    @property
    def present(self) -> int:
        """How many cells are not missing."""
        return self.cells - self.missing

    @property
    def distinct(self) -> int:
        """How many different values there are; where not all were kept, at least this many."""
        return max(self._counted, len(self._waiting))

    @property
    def values(self) -> list[str]:
        """The values in memory: all of them where there are no more than MOST_DISTINCT."""
        return [*self._waiting]

    @property
    def is_exact(self) -> bool:
        """Whether `distinct` is exact."""
        return self._counted == 0

    def settle(self) -> None:
        """Count the values in memory by what they are, and forget them."""
        self._tally()
        self._counted = max(self._counted, len(self._waiting))
        self._waiting = {}

    def finish(self) -> None:
        """Count what is left; the values stay where they are all."""
        self._tally()

    def _tally(self) -> None:
        for value, (count, line) in self._waiting.items():
            number, dates = is_number(value), formats_of(value)
            if number:
                self.kinds[NUMBER] += count
                exact = float(value)
                self.fractions = self.fractions or not exact.is_integer()
                self.low, self.high = min(self.low, exact), max(self.high, exact)
            elif is_boolean(value):
                self.kinds[BOOLEAN] += count
            elif has_comma(value):
                self.kinds[COMMA] += count
            for one in dates:
                self.formats[one] += count
                self._note(one, line, value)
            if dates:
                self.kinds[DATE] += count
            for kind, fits in ((NUMBER, number), (DATE, dates)):
                if not fits:
                    self._note(f"not {kind}", line, value)

    def _note(self, key: str, line: int, value: str) -> None:
        if key not in self.first or line < self.first[key][0]:
            self.first[key] = line, value
