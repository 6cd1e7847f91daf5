"""What is learned of examples: a class, several labels, or a number."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.errors import UserError

from .annotations.listing import Object
from .manifest import ArraySpec, Head, Specs

BINS = 10  # of numbers: each split gets its share of the low and of the high ones
NOTHING = ""
BETWEEN = ";"  # several labels of a cell


class Targets:
    """The targets of all examples, in one of the forms that a head learns.

    Attributes:
        head: class, labels or number.
        classes: their names in order; none for numbers.
    """

    head: Head = "class"
    classes: list[str]

    def __init__(self, values: Sequence[Any]) -> None:
        """Keep the targets of all examples."""
        self.values = values
        self.classes = sorted({one for value in values for one in self._names(value)})

    def _names(self, value: Any) -> Sequence[str]:
        return [value]

    @property
    def specs(self) -> Specs:
        """Describe the arrays: a position in the list of classes."""
        return {"labels": ArraySpec(shape=(), dtype="int32")}

    @property
    def strata(self) -> Sequence[str]:
        """What each split gets its share of."""
        return self.values

    def objects(self, value: Any) -> tuple[Object, ...]:
        """Return the classes of an example as annotations have them."""
        return tuple(Object(name, None) for name in self._names(value))

    def counts(self, positions: Sequence[int]) -> dict[str, int]:
        """Return how many examples of a split have each class."""
        found = Counter(name for at in positions for name in self._names(self.values[at]))
        return {name: found[name] for name in self.classes}

    def arrays(self, positions: Sequence[int]) -> dict[str, np.ndarray]:
        """Return the targets of a split by name."""
        known = {name: label for label, name in enumerate(self.classes)}
        return {"labels": np.array([known[self.values[at]] for at in positions], np.int32)}

    def listed(self, position: int) -> dict[str, object]:
        """Return what test.csv says of an example."""
        return {"class": self.values[position]}


class Labels(Targets):
    """Any number of classes for each example."""

    head: Head = "labels"

    def _names(self, value: Any) -> Sequence[str]:
        return list(value)

    @property
    def specs(self) -> Specs:
        """Describe the arrays: 1 for each class that an example has, else 0."""
        return {"labels": ArraySpec(shape=(len(self.classes),), dtype="float32")}

    @cached_property
    def strata(self) -> Sequence[str]:
        """The rarest class of each example."""
        counts = Counter(name for value in self.values for name in value)
        return [min(value, key=lambda one: (counts[one], one), default=NOTHING)
                for value in self.values]  # fmt: skip

    def arrays(self, positions: Sequence[int]) -> dict[str, np.ndarray]:
        """Return the targets of a split by name."""
        known = {name: label for label, name in enumerate(self.classes)}
        found = np.zeros((len(positions), len(known)), np.float32)
        for row, at in enumerate(positions):
            found[row, [known[name] for name in self.values[at]]] = 1
        return {"labels": found}

    def listed(self, position: int) -> dict[str, object]:
        """Return what test.csv says of an example."""
        return {"labels": BETWEEN.join(self.values[position])}


class Numbers(Targets):
    """A number for each example."""

    head: Head = "number"

    def _names(self, _: Any) -> Sequence[str]:
        return []

    @property
    def specs(self) -> Specs:
        """Describe the arrays: the number itself."""
        return {"values": ArraySpec(shape=(), dtype="float32")}

    @cached_property
    def strata(self) -> Sequence[str]:
        """A tenth of the numbers each, from the lowest to the highest."""
        edges = np.quantile(self.values, np.linspace(0, 1, BINS + 1)[1:-1])
        return [str(place) for place in np.searchsorted(edges, self.values, side="right")]

    def arrays(self, positions: Sequence[int]) -> dict[str, np.ndarray]:
        """Return the targets of a split by name."""
        return {"values": np.array([self.values[at] for at in positions], np.float32)}

    def listed(self, position: int) -> dict[str, object]:
        """Return what test.csv says of an example."""
        return {"value": self.values[position]}


def targets_of(values: Sequence[Any], file: Path) -> Targets:
    """Return the targets in the form that all of them have.

    Raises:
        UserError: they mix classes and numbers, or leave nothing to learn.
    """
    kinds = {_form(value) for value in values}
    if len(kinds) != 1 or None in kinds:
        odd = next((value for value in values if _form(value) is None), values[-1])
        raise UserError(
            f"{file}: the targets mix kinds, such as {values[0]!r} and {odd!r}; give every example "
            "the name of a class, a list of names, or a finite number."
        )
    targets = {"class": Targets, "labels": Labels, "number": Numbers}[str(kinds.pop())](values)
    if all(targets.listed(at) == targets.listed(0) for at in range(len(values))):
        raise UserError(
            f"{file}: every example has the target {values[0]!r}, so there is nothing to learn; "
            "add others."
        )
    return targets


def _form(value: Any) -> str | None:
    if isinstance(value, str):
        return "class"
    if isinstance(value, list | tuple | set | frozenset):
        return "labels" if all(isinstance(one, str) for one in value) else None
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return "number" if is_number and bool(np.isfinite(value)) else None
