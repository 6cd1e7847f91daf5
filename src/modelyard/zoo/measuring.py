"""Where trained models lie in the zoo's space by what `evaluate` measured.

An axis' rating is 10 for the best of the measured models and 0 for the worst. Between them accuracy
(`summary.metric`) is linear; latency and size count by their logarithm, as half the time is the
same gain wherever one starts. Latency is the geometric mean of one example alone and of one in
a batch of 32; size is that of model.keras.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from modelyard.config.loading import load_config, load_project
from modelyard.config.requirement import why_undefined
from modelyard.config.schema import ModelSpace
from modelyard.errors import UserError
from modelyard.pipeline.metrics import read_metrics
from modelyard.pipeline.summary import METRICS, metric

from .entries import Entry

BATCH = 32
BEST = 10.0


class Measured(NamedTuple):
    """A trained model: what was measured, and its ratings by that and as declared."""

    name: str
    accuracy: float
    latency_ms: float
    size_bytes: int
    space: ModelSpace
    declared: ModelSpace | None


def measure(task: str) -> list[Measured]:
    """Return the trained models of a task by name.

    Raises:
        UserError: no model of the task is trained.
    """
    found = {}
    for file in sorted(METRICS.glob("*/metrics.json")):
        config = load_config(Path("models", file.parent.name, "config.yaml"))
        metrics = read_metrics(file)
        if config.task == task and "latency_ms" in metrics:
            found[config.name] = (_axes(config.name, metrics), config.model_space)
    if not found:
        raise UserError(f"No model for {task} is trained and evaluated; `dvc repro` does both.")
    columns = zip(*(axes for axes, _ in found.values()), strict=True)
    accuracy, latency, size = map(list, columns)
    up = load_project().summary.direction == "max"
    ratings = zip(
        _ratings(accuracy if up else [-value for value in accuracy]),
        _ratings([-math.log(value) for value in latency]),
        _ratings([-math.log(value) for value in size]),
        strict=True,
    )
    return [
        Measured(name, *axes, _space(rating), declared)
        for (name, (axes, declared)), rating in zip(found.items(), ratings, strict=True)
    ]


def _axes(name: str, metrics: Mapping[str, Any]) -> tuple[float, float, int]:
    """Return a model's accuracy, milliseconds an example and bytes."""
    wanted = load_project().summary.metric
    accuracy, latency = metric(dict(metrics), wanted), metrics["latency_ms"]
    if accuracy is None or math.isnan(accuracy):
        why = why_undefined(wanted, metrics)
        raise UserError(
            f"{METRICS / name}/metrics.json has no number {wanted!r}, which summary.metric in "
            f"config.yaml names; {why or '`dvc repro` evaluates anew'}."
        )
    try:
        one, many = latency["keras"], latency[f"keras_batch_{BATCH}"] / BATCH
        return accuracy, math.sqrt(one * many), metrics["size_bytes"]["keras"]
    except (KeyError, ValueError) as error:
        raise UserError(
            f"{METRICS / name}/metrics.json lacks what `evaluate` measures ({error}); delete it "
            "and `dvc repro`."
        ) from None


def _ratings(values: Sequence[float]) -> list[float]:
    """Return how far each value is from the lowest to the highest, 0 to 10; 10 if all are equal."""
    low, high = min(values), max(values)
    if low == high:
        return [BEST] * len(values)
    return [round(BEST * (value - low) / (high - low), 2) for value in values]


def _space(ratings: Sequence[float]) -> ModelSpace:
    accuracy, speed, memory = ratings
    return ModelSpace(accuracy_rating=accuracy, speed_rating=speed, memory_rating=memory)


def as_zoo(task: str) -> dict[str, Entry]:
    """Return the measured models of a task as entries, so that they can be ranked."""
    return {
        model.name: Entry.model_validate({"task": task, "model_space": model.space})
        for model in measure(task)
    }
