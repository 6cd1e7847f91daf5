"""Cells of a CSV that are not one class: any number of classes, or a number to learn."""

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.errors import UserError

from .exact import parse_number

DELIMITERS = ";|,/"
LARGEST = 3e38  # of float32, in which targets are kept
MANY = 0.5  # the share of the cells that another delimiter must be in to be the likelier one


@dataclass
class Labels:
    """Divides cells into classes, and notices that all of a file's are divided otherwise.

    Attributes:
        delimiter: `data.label_delimiter`.
    """

    delimiter: str = ";"
    _cells: int = 0
    _found: Counter[str] = field(default_factory=Counter)

    def of(self, cell: str) -> list[str]:
        """Return the classes in a cell, each once; none if it is empty."""
        if cell:
            self._cells += 1
            self._found.update(one for one in {*DELIMITERS, self.delimiter} if one in cell)
        return list(dict.fromkeys(filter(None, map(str.strip, cell.split(self.delimiter)))))

    def check(self, file: Path) -> None:
        """Refuse a file in which no cell has the delimiter, but many have another.

        Raises:
            UserError: naming the other.
        """
        other = max(DELIMITERS, key=lambda one: self._found[one])
        if self._found[other] > MANY * self._cells and not self._found[self.delimiter]:
            raise UserError(
                f"{file}: no cell of its labels has a {self.delimiter!r} between classes, but "
                f"{self._found[other]} of {self._cells} have {other!r}; set data.label_delimiter "
                f'in config.yaml to "{other}".'
            )


def value_of(column: str, cell: str) -> float:
    """Return the number in a cell.

    Raises:
        ValueError: it holds none that can be learned; the end of a sentence.
    """
    try:
        number = float(parse_number(cell))
    except ValueError as error:
        raise ValueError(f"{column} is {cell!r}, {error}") from None
    except OverflowError:
        number = math.inf
    if not abs(number) < LARGEST:
        raise ValueError(f"{column} is {cell!r}, which is too large for 32 bits")
    return number
