"""Hyperparameters: how the configuration declares them, and the values a model is built from."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Generic, Literal, Self, TypeVar

from pydantic import Field, field_validator, model_validator

from .section import Section
from .utils import UserError, did_you_mean, read_yaml, write_yaml

if TYPE_CHECKING:
    from .schema import Config

Value = bool | int | float | str
Sampling = Literal["linear", "log", "reverse_log"]
Number = TypeVar("Number", int, float)


class _Range(Section, Generic[Number]):
    """Numbers from min to max, both included; with log samplings a step multiplies."""

    tune: bool
    min: Number
    max: Number
    step: Number | None = None
    sampling: Sampling = "linear"

    @model_validator(mode="after")
    def _check(self) -> Self:
        linear = self.sampling == "linear"
        if self.min >= self.max:
            raise ValueError(f"min {self.min} must be below max {self.max}")
        if not linear and self.min <= 0:
            raise ValueError(f"{self.sampling} sampling needs a min above 0, not {self.min}")
        if self.step is None:
            return self
        lowest, highest = (0, self.max - self.min) if linear else (1, self.max / self.min)
        if not lowest < self.step <= highest:
            raise ValueError(
                f"step {self.step} must be above {lowest} and at most {highest:g} "
                f"with {self.sampling} sampling"
            )
        return self

    def problem(self, value: Value) -> str | None:
        """Say why a value is not allowed, or None."""
        wanted = (int, float) if isinstance(self.min, float) else int
        if isinstance(value, bool) or not isinstance(value, wanted):
            return "is not a number" if isinstance(self.min, float) else "is not a whole number"
        inside = self.min <= value <= self.max
        return None if inside else f"is outside {self.min} to {self.max}"


class IntTuning(_Range[int]):
    """Whole numbers."""

    param_type: Literal["int"]


class FloatTuning(_Range[float]):
    """Real numbers."""

    param_type: Literal["float"]


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


def chosen_hyperparameters(config: "Config") -> Hyperparameters:
    """Read what `tune` wrote; all declared names must be there."""
    path = hyperparameters_path(config.output_paths.model.root)
    values = read_hyperparameters(path)
    missing = sorted(set(config.tuning.hyperparams) - set(values))
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; run `dvc repro` to make it anew.")
    return values


def write_hyperparameters(path: Path, values: Mapping[str, Value], comment: str) -> None:
    """Write the values with a comment that says where they come from."""
    write_yaml(path, values, comment)
