"""What a model must reach before it may be merged: the `acceptance` of its config.yaml."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from .annotation_section import SPLITS
from .export_section import FORMATS
from .section import Section

DECIDE = "decide"  # in place of a limit that nobody has decided yet


def _limit(value: object) -> object:
    if value is None or value == DECIDE:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise ValueError(f"write a number, or {DECIDE} until you have measured one")


Limit = Annotated[float | Literal["decide"] | None, BeforeValidator(_limit)]


class Requirement(Section):
    """Limits for one metric, or for one metric of one class.

    Attributes:
        metric: as `dvc metrics show` lists it, such as test.accuracy.
        of_class: the class, for a metric that each class has, such as test.recall.
        direction: which way is better; what may regress, and how far, depends on it.
        min: the least that is accepted; `decide` until somebody has, which limits nothing.
        max: the most that is accepted.
        allowed_regression: how much worse than the base branch is still accepted, in the
            metric's own unit.
    """

    metric: str = Field(min_length=1)
    of_class: str | None = None
    direction: Literal["min", "max"]
    min: Limit = None
    max: Limit = None
    allowed_regression: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.min is None and self.max is None and self.allowed_regression is None:
            raise ValueError("limits nothing; add min, max or allowed_regression")
        low, high = self.low, self.high
        if low is not None and high is not None and low > high:
            raise ValueError(f"min {low:g} is above max {high:g}; nothing can be both")
        return self

    @property
    def low(self) -> float | None:
        """The minimum, where it is decided."""
        return None if isinstance(self.min, str) else self.min

    @property
    def high(self) -> float | None:
        """The maximum, where it is decided."""
        return None if isinstance(self.max, str) else self.max

    @property
    def undecided(self) -> list[str]:
        """Which of min and max are to be decided."""
        return [key for key in ("min", "max") if getattr(self, key) == DECIDE]

    @property
    def asked(self) -> list[str]:
        """What is asked of a value: `at least 0.9`, `at most 1`, `min to be decided`."""
        found = [f"at least {self.low:g}"] if self.low is not None else []
        found += [f"at most {self.high:g}"] if self.high is not None else []
        return found + [f"{key} to be decided" for key in self.undecided]

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
        try:
            section = _entry(metrics, part)
            if self.of_class is not None:
                section = _class_entry(section, self.of_class)
            return _below(section, rest)
        except LookupError:
            if why := why_undefined(self.metric, metrics):
                raise LookupError(why) from None
            raise

    def violations(self, value: float, baseline: float | None) -> list[str]:
        """Say how a value breaks the limits; a value equal to a limit is accepted."""
        if not math.isfinite(value):
            return [f"{self.name} is {value}, which cannot be compared"]
        found = []
        if self.low is not None and value < self.low:
            found.append(f"{self.name} is {value:.6g}, below the minimum {self.low:g}")
        if self.high is not None and value > self.high:
            found.append(f"{self.name} is {value:.6g}, above the maximum {self.high:g}")
        if self.allowed_regression is not None and baseline is not None:
            worse = value - baseline if self.direction == "min" else baseline - value
            # Decimal fractions have no exact binary form: 0.95 - 0.9 is more than 0.05.
            if worse > self.allowed_regression + 1e-9 * max(abs(value), abs(baseline)):
                found.append(
                    f"{self.name} is {value:.6g}, {worse:.6g} worse than the baseline "
                    f"{baseline:.6g}; at most {self.allowed_regression:g} is allowed"
                )
        return found


def why_undefined(metric: str, metrics: object) -> str | None:
    """Say why metrics.json cannot have a metric; None: nothing is known of it.

    Where a split has no object, `evaluate` writes nothing of it, or no class.
    """
    part, _, rest = metric.partition(".")
    split = "test" if part in FORMATS else part
    section = metrics.get(part) if isinstance(metrics, Mapping) else None
    if split not in SPLITS or not isinstance(section, Mapping):
        return None
    of_objects = rest.startswith(("box.", "mask."))
    if (section or of_objects) and all(value == {} for value in section.values()):
        return f"it is undefined, as the {split} split has no object"
    if rest == "auc" and len(section.get("per_class", {})) == 1:
        return f"it is undefined, as the {split} split has one class only"
    return None


def _class_entry(section: object, label: str) -> object:
    """Return what a split has on a class."""
    classes = _entry(section, "per_class")
    try:
        return _entry(classes, label)
    except LookupError as error:
        said = f"{error.args[0]}; a class that the split lacks has no metrics"
        raise LookupError(said) from None


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
