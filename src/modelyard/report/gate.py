"""The acceptance gate: do the results in this checkout reach what config.yaml asks for?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.config.export_section import why_not_judged
from modelyard.config.requirement import Requirement
from modelyard.config.schema import Config
from modelyard.pipeline.metrics import read_metrics
from modelyard.saved.content import weights_id

from .baseline import Baseline, find_baseline


@dataclass(frozen=True)
class Verdict:
    """What became of one requirement; without violations it is met, or was not judged.

    Attributes:
        not_judged: why there is nothing to judge: the form it is of was not exported, or not run.
    """

    requirement: Requirement
    value: float | None
    baseline: float | None
    violations: list[str]
    not_judged: str | None = None


@dataclass(frozen=True)
class Judgement:
    """What became of all requirements of one model, compared with its baseline.

    Attributes:
        stale: says that what was measured is not the model that is here; None as far as is known.
    """

    config: Config
    baseline: Baseline
    verdicts: list[Verdict]
    altered: bool
    stale: str | None = None

    @property
    def violations(self) -> list[str]:
        """What is not met, a sentence each without its full stop."""
        found = [line for verdict in self.verdicts for line in verdict.violations]
        return [self.stale, *found] if self.stale else found


def metrics_path(config: Config) -> Path:
    """Return where `evaluate` writes a model's metrics."""
    return config.output_paths.training_metrics / "metrics.json"


def judge(
    config: Config, base: str | None = None, elsewhere: Mapping[str, Any] | None = None
) -> Judgement:
    """Compare a model's metrics with its requirements and with the base branch.

    `elsewhere` are metrics of a training that lies elsewhere, in place of those here.

    Raises:
        UserError: the model has no metrics yet, or `base` is not a commit.
    """
    path = metrics_path(config)
    baseline = find_baseline(base, path, elsewhere=elsewhere is not None)
    present = read_metrics(path) if elsewhere is None else elsewhere
    past = baseline.json(path)
    verdicts = [_verdict(one, present, past, config) for one in config.acceptance]
    before = baseline.acceptance(config.file)
    now = [requirement.model_dump(exclude_unset=True) for requirement in config.acceptance]
    stale = None if elsewhere is not None else _stale(config, present)
    return Judgement(config, baseline, verdicts, altered=before not in (None, now), stale=stale)


def print_judgement(judgement: Judgement) -> None:
    """Print one line per requirement, and one each for what they are compared with."""
    print(f"{judgement.config.name}, compared with {judgement.baseline.name}:")
    if judgement.stale:
        print(f"  no  {judgement.stale}")
    if not judgement.verdicts:
        print(f"  nothing is required; add acceptance to {judgement.config.file}")
    for verdict in judgement.verdicts:
        if verdict.not_judged:
            print(f"  --  {verdict.requirement.name}: {verdict.not_judged}")
            continue
        undecided = verdict.requirement.undecided
        mark = "no" if verdict.violations else "??" if undecided else "ok"
        past = "no baseline" if verdict.baseline is None else f"before {verdict.baseline:.6g}"
        value = "missing" if verdict.value is None else f"{verdict.value:.6g}"
        print(f"  {mark}  {verdict.requirement.name}: {value} ({past})")
        for key in undecided:
            print(f"      decide `{key}` in {judgement.config.file}: acceptance; it limits nothing")
    if judgement.altered:
        print(
            f"  the acceptance itself differs: git diff {judgement.baseline.rules} -- "
            f"{judgement.config.file}"
        )


def _stale(config: Config, metrics: Mapping[str, Any]) -> str | None:
    """Say that the metrics are of other weights than those here; a clone may have none."""
    model, measured = config.output_paths.model.keras_model, metrics.get("weights")
    if measured is None or not model.is_file():
        return None
    try:
        same = weights_id(model) == measured
    except ValueError:  # whoever loads it says so
        return None
    where = metrics_path(config)
    return None if same else f"{where} is of other weights than {model}; `dvc repro` measures these"


def _verdict(requirement: Requirement, present: Any, past: Any, config: Config) -> Verdict:
    baseline = _number(_found(requirement, past))
    try:
        section = requirement.find(present)
    except LookupError as error:
        if why := why_not_judged(requirement.metric, config.exports, present):
            return Verdict(requirement, None, baseline, [], why)
        missing = f"{requirement.name} is missing: {error.args[0]}"
        return Verdict(requirement, None, baseline, [missing])
    value = _number(section)
    if value is None:
        return Verdict(
            requirement,
            None,
            baseline,
            [f"{requirement.name} is {section!r}, which is not a number"],
        )
    if baseline is not None and not math.isfinite(baseline):  # nothing to compare with
        baseline = None
    return Verdict(requirement, value, baseline, requirement.violations(value, baseline))


def _found(requirement: Requirement, metrics: Any) -> object:
    try:
        return requirement.find(metrics)
    except LookupError:
        return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
