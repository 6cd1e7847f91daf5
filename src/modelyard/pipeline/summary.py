"""The `summary` stage: all models' results in one file, best first."""

import sys
from pathlib import Path
from typing import Any

from modelyard import terminal
from modelyard.config import Options
from modelyard.config.requirement import why_undefined
from modelyard.config.tuning_section import Objective
from modelyard.documents import flat
from modelyard.errors import UserError
from modelyard.files import write_json

from .metrics import read_metrics

METRICS = Path("training_metrics")
SUMMARY = Path("training_metrics.json")
MOST_SHOWN = 2  # metrics, beside a name of 17 letters on a line of 80 columns


def summarize(options: Options) -> None:
    """Rank all models by their results and print the table."""
    objective = options.project.summary
    print_table(summary(objective, dry_run=options.dry_run), objective.metric)


def summary(objective: Objective, *, dry_run: bool = False) -> dict[str, dict[str, Any]]:
    """Collect every model's metrics.json into training_metrics.json, ranked by the objective.

    Returns:
        By model, best first: rank, the test metrics, latencies and sizes.
    """
    results = {
        file.parent.name: read_metrics(file) for file in sorted(METRICS.glob("*/metrics.json"))
    }
    if not results:
        raise UserError(f"{METRICS} holds no metrics.json yet; train a model with `dvc repro`.")
    scores = _scores(results, objective.metric)
    ordered = sorted(scores, key=scores.__getitem__, reverse=objective.direction == "max")
    ordered += [model for model in results if model not in scores]
    ranked = {
        model: {"rank": rank, **_row(results[model])} for rank, model in enumerate(ordered, 1)
    }
    if not dry_run:
        write_json(SUMMARY, ranked)
    return ranked


def print_table(summary: dict[str, dict[str, Any]], by: str) -> None:
    """Print the summary as a table: one row per model, milliseconds per image, megabytes.

    Of the test metrics it shows the one that ranks, `by`, and the loss; the file has all.
    """
    from rich.table import Table

    found = dict.fromkeys(n for row in summary.values() for n in row if n.startswith("test"))
    first = [name for name in (by.replace(".", "_"), "test_loss") if name in found]
    scores = list(dict.fromkeys([*first, *found]))[:MOST_SHOWN]
    table = Table("rank", "model", *(name.replace("_", " ") for name in scores), "ms", "MB")
    for model, row in summary.items():
        tests = (f"{row[name]:.4f}" if name in row else "-" for name in scores)
        latency = f"{row['keras_ms']:.2f}" if "keras_ms" in row else "-"
        size = f"{row['keras_bytes'] / 1e6:.2f}" if "keras_bytes" in row else "-"
        table.add_row(str(row["rank"]), model, *tests, latency, size)
    terminal.print_table(table)


def metric(metrics: dict[str, Any], dotted: str) -> float | None:
    """Return the number at a dotted key; None if there is none."""
    value: Any = metrics
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, int | float) else None


def _scores(results: dict[str, dict[str, Any]], dotted: str) -> dict[str, float]:
    """Return the number that ranks each model that has it; say of the others why they are last.

    Raises:
        UserError: no model has it, and not because it is undefined.
    """
    found = {model: metric(metrics, dotted) for model, metrics in results.items()}
    why = {m: why_undefined(dotted, results[m]) for m, value in found.items() if value is None}
    if len(why) == len(found) and not any(why.values()):
        raise UserError(
            f"config.yaml: summary.metric is {dotted!r}, but {METRICS / next(iter(found))}"
            "/metrics.json has no such number; name one that `dvc metrics show` lists, such as "
            "test.accuracy."
        )
    for model, reason in why.items():
        said = reason or "the model does not report it"
        print(
            f"warning: {METRICS / model}/metrics.json has no {dotted}: {said}; the model is "
            "ranked last.",
            file=sys.stderr,
        )
    return {model: value for model, value in found.items() if value is not None}


def _row(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return a model's line; one of another framework has neither latencies nor sizes."""
    found = flat(metrics.get("test", {}))
    test = {f"test_{name.replace('.', '_')}": value for name, value in found}
    latency = {f"{kind}_ms": value for kind, value in metrics.get("latency_ms", {}).items()}
    size = {f"{kind}_bytes": value for kind, value in metrics.get("size_bytes", {}).items()}
    return test | latency | size
