"""What a search tells while it runs, and the tables it leaves for `dvc plots`."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from modelyard.config.tuning_section import Objective
from modelyard.files import write_csv

from .record import TrialResult
from .space import Space

COLUMNS = ("trial", "status", "score", "epochs", "seconds")
LONG_COLUMNS = ("trial", "score", "hyperparameter", "value", "position")


def best_result(results: Iterable[TrialResult], objective: Objective) -> TrialResult | None:
    """Return the completed trial with the best score, of equal ones the first; no pruned one."""
    best: TrialResult | None = None
    for result in results:
        if result.score is None or result.status == "pruned":
            continue
        if best is None or best.score is None or objective.better(result.score, best.score):
            best = result
    return best


def progress_line(
    ended: TrialResult, results: list[TrialResult], objective: Objective, total: int, each: float
) -> str:
    """Say how a trial ended, how many did, which is the best, and how long the rest may take.

    `each` is how many seconds lie between the ends of two trials.
    """
    head = f"[{len(results)}/{total}] trial {ended.number}"
    if ended.score is None:
        outcome = f"failed: {ended.reason.rstrip('.')}"
    else:
        how = f" pruned after {ended.epochs} epochs" if ended.status == "pruned" else ""
        outcome = f"{objective.metric} {ended.score:.5g}{how} in {_duration(ended.seconds)}"
    best = best_result(results, objective)
    parts = [f"best {best.score:.5g} in trial {best.number}"] if best else []
    if len(results) < total:
        parts.append(f"about {_duration((total - len(results)) * each)} left")
    return f"{head}: {outcome}; {', '.join(parts)}" if parts else f"{head}: {outcome}"


def write_trials(folder: Path, results: Iterable[TrialResult], space: Space) -> None:
    """Write trials.csv, a row a trial, and trial_values.csv, a row a trial and hyperparameter."""
    results = list(results)
    names = list(space.declared)
    rows = [
        {**{column: _cell(result, column) for column in COLUMNS}, **result.values}
        | {"reason": result.reason}
        for result in results
    ]
    write_csv(folder / "trials.csv", rows, [*COLUMNS, *names, "reason"])
    long = [row for result in results for row in _long_rows(result, space)]
    write_csv(folder / "trial_values.csv", long, LONG_COLUMNS)


def _cell(result: TrialResult, column: str) -> object:
    return result.number if column == "trial" else getattr(result, column)


def _long_rows(result: TrialResult, space: Space) -> list[dict[str, object]]:
    if result.score is None:
        return []
    return [
        {
            "trial": result.number,
            "score": result.score,
            "hyperparameter": name,
            "value": value,
            "position": round(space.position(name, value), 6),
        }
        for name, value in space.active(result.values).items()
    ]


def _duration(seconds: float) -> str:
    """Return 4.2 s, 75 s or 1:02:03."""
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    if seconds < 100:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    return str(timedelta(seconds=round(seconds)))
