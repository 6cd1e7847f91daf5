"""Rank a zoo's entries by how near they are to what matters to you."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from modelyard.errors import UserError

from .entries import AXES, Entry

HIGHEST = 10


class Ranked(NamedTuple):
    """An entry with its Euclidean distance to the priority."""

    name: str
    entry: Entry
    distance: float


def rank(zoo: Mapping[str, Entry], task: str, priority: Sequence[float]) -> list[Ranked]:
    """Return a task's entries, the nearest first; of equally near ones the first in the zoo.

    Raises:
        UserError: a priority outside 0 to 10, or a task that the zoo has nothing for.
    """
    check_priority(priority)
    found = [
        Ranked(name, entry, math.dist(priority, entry.model_space.point))
        for name, entry in zoo.items()
        if entry.task == task
    ]
    if not found:
        known = sorted({entry.task for entry in zoo.values()})
        raise UserError(f"The zoo has no model for the task {task!r}; it has some for {known}.")
    return sorted(found, key=lambda one: one.distance)


def check_priority(priority: Sequence[float]) -> None:
    """Refuse a priority that is not a point of the space."""
    if len(priority) != len(AXES) or not all(0 <= value <= HIGHEST for value in priority):
        raise UserError(
            f"The priority is {list(priority)}; write three numbers from 0 to {HIGHEST}: "
            f"{', '.join(AXES)}."
        )


def better(ranked: Sequence[Ranked]) -> str | None:
    """Return an entry that is rated at least as high as the nearest on every axis, if any.

    The distance to a wish also grows when a model is better than wished for.
    """
    nearest = ranked[0].entry.model_space.point
    for other in ranked[1:]:
        point = other.entry.model_space.point
        if point != nearest and all(a >= b for a, b in zip(point, nearest, strict=True)):
            return other.name
    return None


def outdone(ranked: Sequence[Ranked]) -> str | None:
    """Say that another entry is at least as good as the nearest one on every axis, if any is."""
    if (name := better(ranked)) is None:
        return None
    return (
        f"{name} is rated at least as high as {ranked[0].name} on every axis, only farther from "
        "what you asked."
    )
