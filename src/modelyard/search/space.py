"""The search space of a configuration: what may be combined, and what a trial is built from."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelyard.config.choices import Value
from modelyard.config.hyperparameters import Hyperparameter, Hyperparameters, Range
from modelyard.config.steps import DefaultFirst

MOST_REPEATS = 100  # repeated combinations in a row after which the rest is listed in order
MOST_LISTED = 10_000  # values of one hyperparameter that are ever listed
NONE_ASKED: Any = object()  # stands for every value that no condition asks for


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
        return min(self.size(grid=grid), most) if grid or self.finite else most

    def size(self, *, grid: bool) -> int:
        """Return how many distinct combinations there are, without listing them.

        Only what conditions ask for is tried value by value; all else multiplies.
        """
        listed = self._listed(grid=grid)
        asked: dict[str, list[Value]] = {}
        for entry in self.declared.values():
            for other, value in entry.when.items():
                asked.setdefault(other, []).append(value)

        def below(names: tuple[str, ...], values: Hyperparameters) -> int:
            if not names:
                return 1
            name, rest = names[0], names[1:]
            if not self._active(name, values):
                return below(rest, values)
            special = {value for value in asked.get(name, ()) if value in listed[name]}
            found = sum(below(rest, Hyperparameters(values | {name: one})) for one in special)
            others = len(listed[name]) - len(special)
            return found + others * below(rest, Hyperparameters(values | {name: NONE_ASKED}))

        return below(tuple(self.searched), self.defaults)

    def combinations(self, *, grid: bool = False) -> Iterator[Hyperparameters]:
        """Yield every combination once, the defaults first; of the grid, or of a finite space."""
        yield from self._tree(self._listed(grid=grid), tuple(self.searched), self.defaults)

    def spread(self) -> Iterator[Hyperparameters]:
        """Yield every combination of the grid once, the defaults first, however many are taken.

        Any number of them, from the beginning, has the values of each hyperparameter about equally
        often: they are dealt from a shuffled deck, which is shuffled anew when it is empty.
        """
        seen: set[tuple[Value, ...]] = set()
        yield from self._distinct(_dealt([*self._listed(grid=True).values()]), seen)
        for values in self.combinations(grid=True):
            if tuple(values.values()) not in seen:
                yield values

    def _tree(
        self, listed: Mapping[str, Sequence[Value]], names: tuple[str, ...], values: Hyperparameters
    ) -> Iterator[Hyperparameters]:
        """Yield what follows from the values so far: the last name changes first.

        What a condition excludes keeps its default, and is not tried with every value.
        """
        if not names:
            yield self.complete(values)
            return
        name, rest = names[0], names[1:]
        for value in listed[name] if self._active(name, values) else [values[name]]:
            yield from self._tree(listed, rest, Hyperparameters(values | {name: value}))

    def _distinct(
        self, drawn: Iterator[tuple[Value, ...]], seen: set[tuple[Value, ...]]
    ) -> Iterator[Hyperparameters]:
        """Yield what is not in `seen`; end after many repeats in a row."""
        in_a_row = 0
        for values in (self.complete(dict(zip(self.searched, one, strict=True))) for one in drawn):
            key = tuple(values.values())
            in_a_row = in_a_row + 1 if key in seen else 0
            if not in_a_row:
                seen.add(key)
                yield values
            elif in_a_row == MOST_REPEATS:
                return

    def _listed(self, *, grid: bool) -> dict[str, Sequence[Value]]:
        """Return the values of each searched hyperparameter, its default first."""
        listed: dict[str, Sequence[Value]] = {}
        for name, tuning in self.searched.items():
            values = tuning.grid() if grid else tuning.candidates()
            listed[name] = DefaultFirst(self.declared[name].default_value, values or ())
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


def _dealt(listed: list[Sequence[Value]]) -> Iterator[tuple[Value, ...]]:
    """Yield combinations without end, the first of each list, then dealt from a deck of each."""
    yield tuple(values[0] for values in listed)
    generator = random.Random(0)  # noqa: S311  (a grid is the same for every seed)
    decks = [_deck(values, 1, generator) for values in listed]
    while True:
        for deck, values in zip(decks, listed, strict=True):
            if not deck:
                deck.extend(_deck(values, 0, generator))
        yield tuple(deck.pop() for deck in decks)


def _deck(values: Sequence[Value], first: int, generator: random.Random) -> list[Value]:
    """Return values in a random order: all from a place on, or many of very many."""
    places = range(first, len(values))
    return [values[i] for i in generator.sample(places, min(len(places), MOST_LISTED))]
