"""Hyperparameters: how the configuration declares them, and the values a model is built from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from .section import Section
from .utils import UserError, did_you_mean, read_yaml, write_yaml

Value = bool | int | float | str
Sampling = Literal["linear", "log", "reverse_log"]


class _Range(Section):
    """What int and float ranges share; `max` is included, a `log` step multiplies."""

    tune: bool
    sampling: Sampling = "linear"

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high, step = self.min, self.max, self.step  # type: ignore[attr-defined]
        if low >= high:
            raise ValueError(f"min ({low}) must be below max ({high})")
        if self.sampling != "linear" and low <= 0:
            raise ValueError(f"{self.sampling} sampling needs a min above 0, not {low}")
        if step is not None and step <= (1 if self.sampling != "linear" else 0):
            raise ValueError(f"step {step} is too small for {self.sampling} sampling")
        if step is not None and self.sampling == "linear" and step > high - low:
            raise ValueError(f"step {step} is larger than the range from {low} to {high}")
        return self

    def problem(self, value: Value) -> str | None:
        """Say why a value is outside this range, or None when it is inside."""
        low, high = self.min, self.max  # type: ignore[attr-defined]
        wanted = int if isinstance(low, int) and isinstance(high, int) else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            return f"is no {self.param_type}"  # type: ignore[attr-defined]
        return None if low <= value <= high else f"is outside {low} to {high}"


class IntTuning(_Range):
    """Whole numbers from min to max."""

    param_type: Literal["int"]
    min: int
    max: int
    step: int | None = None


class FloatTuning(_Range):
    """Real numbers from min to max."""

    param_type: Literal["float"]
    min: float
    max: float
    step: float | None = None


class BooleanTuning(Section):
    """True or false."""

    tune: bool
    param_type: Literal["boolean"]

    def problem(self, value: Value) -> str | None:
        """Say why a value is not boolean, or None."""
        return None if isinstance(value, bool) else "is neither true nor false"


class ChoiceTuning(Section):
    """One of the listed values, all of one type."""

    tune: bool
    param_type: Literal["choice"]
    values: list[Value] = Field(min_length=1)

    @field_validator("values")
    @classmethod
    def _one_type(cls, values: list[Value]) -> list[Value]:
        if len({type(value) for value in values}) > 1:
            raise ValueError("mixes types; write all values as one type")
        return values

    def problem(self, value: Value) -> str | None:
        """Say why a value is none of the choices, or None."""
        return None if value in self.values else f"is none of {self.values}"


class Hyperparameter(Section):
    """`default_value` alone, or with a `tuning` section that says what a search may try."""

    default_value: Value
    tuning: (
        Annotated[
            IntTuning | FloatTuning | BooleanTuning | ChoiceTuning,
            Field(discriminator="param_type"),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Self:
        # A range that is not searched may be a leftover; only what is tuned must hold.
        if self.tuning and self.tuning.tune:
            problem = self.tuning.problem(self.default_value)
            if problem:
                raise ValueError(f"default_value {self.default_value!r} {problem}")
        return self


class Hyperparameters(dict[str, Value]):
    """Values by name; reading one that nobody declared names the configuration key to add."""

    def __missing__(self, name: str) -> Value:
        """Refuse an undeclared name."""
        hint = did_you_mean(name, self)
        raise UserError(
            f"The model reads the hyperparameter {name!r}, which is not declared{hint}; add "
            f"tuning.hyperparams.{name}.default_value to the model's config.yaml."
        )


def hyperparameters_path(model_root: Path) -> Path:
    """Return where `tune` writes and `train` reads the values of one model."""
    return model_root / "hyperparameters.yaml"


def read_hyperparameters(path: Path) -> Hyperparameters:
    """Read what `tune` wrote."""
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise UserError(f"{path} is not a mapping of names to values; `dvc repro` makes it anew.")
    return Hyperparameters(document)


def write_hyperparameters(path: Path, values: Mapping[str, Value], comment: str) -> None:
    """Write the values with a comment that says where they come from."""
    write_yaml(path, values, comment)
