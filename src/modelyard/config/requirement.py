"""What a model must reach before it may be merged: the `acceptance` of its config.yaml."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .section import Section

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Requirement(Section):
    """Limits for one metric, or for one metric of one class.

    Attributes:
        metric: as `dvc metrics show` lists it, such as test.accuracy.
        of_class: the class, for a metric that each class has, such as test.recall.
        direction: which way is better; what may regress, and how far, depends on it.
        min: the least that is accepted.
        max: the most that is accepted.
        allowed_regression: how much worse than the base branch is still accepted, in the
            metric's own unit.
    """

    metric: str = Field(min_length=1)
    of_class: str | None = None
    direction: Literal["min", "max"]
    min: Finite | None = None
    max: Finite | None = None
    allowed_regression: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.min is None and self.max is None and self.allowed_regression is None:
            raise ValueError("limits nothing; add min, max or allowed_regression")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}; nothing can be both")
        return self

    @property
    def name(self) -> str:
        """The metric, with the class it is of: `test.recall of 'cat'`."""
        return self.metric if self.of_class is None else f"{self.metric} of {self.of_class!r}"

    def find(self, metrics: object) -> object:
        """Return what metrics.json has for it.

        Raises:
            LookupError: saying which key is not among which.
        """
        part, _, rest = self.metric.partition(".")
        section = _entry(metrics, part)
        if self.of_class is not None:
            section = _entry(_entry(section, "per_class"), self.of_class)
        return _below(section, rest)

    def violations(self, value: float, baseline: float | None) -> list[str]:
        """Say how a value breaks the limits; a value equal to a limit is accepted."""
        if not math.isfinite(value):
            return [f"{self.name} is {value}, which cannot be compared"]
        found = []
        if self.min is not None and value < self.min:
            found.append(f"{self.name} is {value:.6g}, below the minimum {self.min:g}")
        if self.max is not None and value > self.max:
            found.append(f"{self.name} is {value:.6g}, above the maximum {self.max:g}")
        if self.allowed_regression is not None and baseline is not None:
            worse = value - baseline if self.direction == "min" else baseline - value
            # Decimal fractions have no exact binary form: 0.95 - 0.9 is more than 0.05.
            if worse > self.allowed_regression + 1e-9 * max(abs(value), abs(baseline)):
                found.append(
                    f"{self.name} is {value:.6g}, {worse:.6g} worse than the baseline "
                    f"{baseline:.6g}; at most {self.allowed_regression:g} is allowed"
                )
        return found


def _below(section: object, name: str) -> object:
    """Return what a dotted name leads to; a key with dots of its own, as mAP@0.5, comes first."""
    if not name:
        return section
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        key = ".".join(parts[:end])
        if isinstance(section, Mapping) and key in section:
            return _below(section[key], ".".join(parts[end:]))
    return _entry(section, name)


def _entry(section: object, key: str) -> object:
    entries = section if isinstance(section, Mapping) else {}
    if key not in entries:
        raise LookupError(f"there is no {key!r} among {', '.join(map(str, entries)) or 'nothing'}")
    return entries[key]
