"""The search space of a configuration: what may be combined, and what a trial is built from."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.config.hyperparameters import Hyperparameter, Hyperparameters, Range
from modelyard.config.ranges import Value


class Space:
    """The searched hyperparameters of a model; the others always have their default values."""

    def __init__(self, declared: Mapping[str, Hyperparameter]) -> None:
        """Separate what is searched from what is fixed."""
        self.declared = declared
        self.searched: dict[str, Range] = {
            name: entry.tuning
            for name, entry in declared.items()
            if entry.tuning and entry.searched
        }

    @property
    def defaults(self) -> Hyperparameters:
        """Every default value."""
        return Hyperparameters({n: entry.default_value for n, entry in self.declared.items()})

    def complete(self, drawn: Mapping[str, Any]) -> Hyperparameters:
        """Return a value for every declared hyperparameter, typed as configured.

        Where a condition does not hold, and where nothing was drawn, that is the default value.
        """
        values = self.defaults
        for name, tuning in self.searched.items():
            # A drawn default stays as it is written: typed, 1 of a float range would be 1.0.
            drawn_another = name in drawn and drawn[name] != values[name]
            if drawn_another and self._active(name, values):
                values[name] = tuning.typed(drawn[name])
        return values

    def active(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return the searched ones whose condition holds, with their values."""
        return {name: values[name] for name in self.searched if self._active(name, values)}

    def position(self, name: str, value: Value) -> float:
        """Return where a value lies in its range, 0 to 1."""
        tuning: Any = self.searched[name]
        return float(tuning.position(value))

    @property
    def finite(self) -> bool:
        """Whether every searched hyperparameter has countably many values."""
        return all(tuning.candidates() is not None for tuning in self.searched.values())

    def count(self, most: int, *, grid: bool) -> int:
        """Return how many distinct combinations there are, `most` if there are as many or more."""
        if not (grid or self.finite):
            return most
        return sum(1 for _ in itertools.islice(self.combinations(grid=grid), most))

    def combinations(self, *, grid: bool = False) -> Iterator[Hyperparameters]:
        """Yield every combination once, the defaults first; of the grid, or of a finite space."""
        seen: set[tuple[Value, ...]] = set()
        for drawn in itertools.product(*self._listed(grid=grid)):
            values = self.complete(dict(zip(self.searched, drawn, strict=True)))
            key = tuple(values.values())
            if key not in seen:
                seen.add(key)
                yield values

    def _listed(self, *, grid: bool) -> list[list[Value]]:
        """Return the values of each searched hyperparameter, its default first."""
        listed = []
        for name, tuning in self.searched.items():
            values = tuning.grid() if grid else tuning.candidates()
            listed.append(list(dict.fromkeys([self.declared[name].default_value, *(values or ())])))
        return listed

    def _active(self, name: str, values: Mapping[str, Value]) -> bool:
        """Say whether a condition holds; whatever it names is declared, and decided, before."""
        when = self.declared[name].when
        return all(
            values[other] == wanted and self._reachable(other, values)
            for other, wanted in when.items()
        )

    def _reachable(self, name: str, values: Mapping[str, Value]) -> bool:
        return name not in self.searched or self._active(name, values)
