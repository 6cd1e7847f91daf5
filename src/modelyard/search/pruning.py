"""Stop a trial that is worse than the median of the trials before it: `tuning.pruning`.

What a trial is compared with is fixed in its folder when it begins, and whether it stops depends on
that and on its own history alone: a killed trial stops where it would have stopped.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from modelyard.config.tuning_section import Objective, Pruning
from modelyard.damage import read_state
from modelyard.files import write_json

from .record import TrialResult

FILE = "pruning.json"  # in a trial's folder
Curve = list[float | None]


class Watch:
    """Follows a training by its history and says when to stop it; `ModelSpecs.prune`.

    Attributes:
        curve: the objective by epoch, None where it was not measured.
        reported: what the history holds, None while nobody has shown it.
        pruned: whether the training has to stop.
    """

    def __init__(self, objective: Objective, limits: Sequence[float | None] = ()) -> None:
        """Stop what is worse than the limit of its epoch, if that has one."""
        self.objective, self.limits = objective, limits
        self.curve: Curve = []
        self.reported: list[str] | None = None
        self.pruned = False

    def __call__(self, history: Sequence[Mapping[str, float]]) -> bool:
        """Say whether a training must stop after the epochs of its history."""
        self.reported = sorted({name for logs in history for name in logs})
        self.curve = [_finite(logs.get(self.objective.metric)) for logs in history]
        best, epoch = best_so_far(self.curve, self.objective), len(history) - 1
        limit = self.limits[epoch] if 0 <= epoch < len(self.limits) else None
        self.pruned = best is not None and limit is not None and self.objective.better(limit, best)
        return self.pruned


def fixed_limits(
    folder: Path,
    pruning: Pruning,
    objective: Objective,
    epochs: int,
    others: Iterable[TrialResult],
) -> list[float | None]:
    """Return the limits of a trial by epoch, those it began with if it has begun before."""
    saved = folder / FILE
    kept = read_state(saved, _limits, "its trial is compared with those that have ended by now")
    if kept is not None:
        return kept
    compared = [result for result in others if any(value is not None for value in result.curve)]
    found = limits(pruning, objective, epochs, compared)
    numbers = [result.number for result in compared]
    write_json(saved, {"trials": numbers, "limits": found}, durable=True)
    return found


def _limits(document: Any) -> list[float | None]:
    return [None if value is None else float(value) for value in document["limits"]]


def limits(
    pruning: Pruning, objective: Objective, epochs: int, others: Sequence[TrialResult]
) -> list[float | None]:
    """Return the median of what others had reached by each epoch, None where none may stop.

    One that ended by itself keeps what it reached; a pruned one counts as far as it came. The last
    epoch stops nothing: it ends the training anyway.
    """
    found: list[float | None] = []
    for done in range(1, epochs):
        reached = [
            best_so_far(other.curve[:done], objective)
            for other in others
            if other.status != "pruned" or len(other.curve) >= done
        ]
        values = [value for value in reached if value is not None]
        may_stop = done >= pruning.after_epochs and len(values) >= pruning.after_trials
        found.append(statistics.median(values) if may_stop else None)
    return found


def best_so_far(curve: Iterable[float | None], objective: Objective) -> float | None:
    """Return the best value of a curve, None if it has none."""
    values = [value for value in curve if value is not None]
    return (min if objective.direction == "min" else max)(values, default=None)


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
