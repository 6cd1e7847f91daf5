"""What a test asks of its metrics: names and limits as model_tests.yaml writes them."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from modelyard.config.annotation_section import SPLITS
from modelyard.config.export_section import COSTS, FORMATS, why_not_judged
from modelyard.config.measured import PERTURBATIONS
from modelyard.config.mistakes import shown
from modelyard.config.requirement import DECIDE, Requirement

# Parts of metrics.json, and perturbations; a name that begins with none is of the test split.
PARTS = (*SPLITS, *FORMATS, *COSTS, *PERTURBATIONS)
LIMITS = {"min", "max"}
BY_CLASS = "per_class"


def requirements(metrics: object) -> tuple[Requirement, ...]:
    """Return the limits of a test's `metrics`.

    A value is a minimum, `decide`, `{min, max}`, or one of these for each of some classes. A
    mapping with the keys min and max alone is limits; classes of such names are written below
    `per_class`.

    Raises:
        ValueError: saying which metric is wrong, or that nothing is limited.
    """
    if not isinstance(metrics, Mapping) or not metrics:
        raise ValueError("names no metric; a test must check something, such as accuracy: 0.9")
    found = tuple(one for name in metrics for one in _of_metric(str(name), metrics[name]))
    if all(not one.undecided and one.high is None and (one.low or 0) <= 0 for one in found):
        raise ValueError(
            "checks nothing: every model reaches a minimum of 0; write minimums that were measured"
        )
    return found


def expected(requirement: Requirement) -> str:
    """Say what is asked: `at least 0.9 and at most 1`."""
    return " and ".join(requirement.asked)


def observed(
    requirement: Requirement, metrics: object, exported: Collection[str]
) -> tuple[str, bool]:
    """Say what metrics.json has, and whether that is within the limits.

    A limit for a form that is not `exported` is not judged.
    """
    try:
        value = requirement.find(metrics)
    except LookupError as error:
        if why := why_not_judged(requirement.metric, exported, metrics):
            return why, True
        return f"nothing: {error.args[0]}", False
    if not isinstance(value, int | float) or isinstance(value, bool):
        return f"{value!r}, which is not a number", False
    return f"{value:.6g}", not requirement.violations(float(value), None)


def _of_metric(name: str, value: object) -> Iterator[Requirement]:
    metric = name if name.partition(".")[0] in PARTS else f"test.{name}"
    if not isinstance(value, Mapping) or set(value) <= LIMITS:
        yield _requirement(name, metric, None, value)
        return
    if set(value) & LIMITS:
        raise ValueError(f"{name} mixes limits with classes; write the classes below {BY_CLASS}")
    classes = value[BY_CLASS] if set(value) == {BY_CLASS} else value
    if not isinstance(classes, Mapping) or not classes:
        raise ValueError(f"{name}.{BY_CLASS} must map names of classes to their limits")
    for label, limit in classes.items():
        yield _requirement(f"{name} of {str(label)!r}", metric, str(label), limit)


def _requirement(name: str, metric: str, of_class: str | None, value: object) -> Requirement:
    limits: dict[Any, Any] = dict(value) if isinstance(value, Mapping) else {"min": value}
    if not limits or not set(limits) <= LIMITS:
        raise ValueError(f"{name} is {shown(value)}; write a minimum such as 0.9, or min and max")
    for key, limit in limits.items():
        number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if limit != DECIDE and (not number or not math.isfinite(limit)):
            where = f"{name}.{key}" if isinstance(value, Mapping) else name
            raise ValueError(
                f"{where} is {shown(limit)}, which is not a number; write a limit such as 0.9"
            )
    low, high = limits.get("min", DECIDE), limits.get("max", DECIDE)
    if DECIDE not in (low, high) and low > high:
        raise ValueError(f"{name}: min {low:g} is above max {high:g}")
    return Requirement(metric=metric, of_class=of_class, direction="max", **limits)
