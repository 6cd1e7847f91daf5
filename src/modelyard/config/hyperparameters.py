"""Hyperparameters: how the configuration declares them, and the values a model is built from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from modelyard.errors import UserError, did_you_mean
from modelyard.files import read_yaml, write_yaml

from .ranges import BooleanTuning, ChoiceTuning, FloatTuning, IntTuning, Value
from .section import Section

Range = IntTuning | FloatTuning | BooleanTuning | ChoiceTuning


class Hyperparameter(Section):
    """`default_value` alone, or with a `tuning` section that says what a search may try.

    Attributes:
        default_value: what is used when nothing is searched; a search tries it first.
        tuning: what a search may try; without it the hyperparameter is never searched.
    """

    default_value: Value
    tuning: Annotated[Range, Field(discriminator="param_type")] | None = None

    @property
    def searched(self) -> bool:
        """Whether a search may choose it."""
        return self.tuning is not None and self.tuning.tune

    @property
    def when(self) -> dict[str, Value]:
        """Values of other hyperparameters under which it is searched."""
        return self.tuning.when if self.tuning else {}

    @property
    def extremes(self) -> list[Value]:
        """Its default, and what a search may choose: both ends of a range, every choice."""
        if not self.searched or self.tuning is None:
            return [self.default_value]
        if isinstance(self.tuning, BooleanTuning | ChoiceTuning):
            return [self.default_value, *self.tuning.candidates()]
        return [self.default_value, self.tuning.min, self.tuning.max]

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Self:
        # A range that is not searched may be a leftover; only what is tuned must hold.
        if self.tuning and self.tuning.tune:
            problem = self.tuning.problem(self.default_value)
            if problem:
                raise ValueError(f"default_value {self.default_value!r} {problem}")
        return self


class Hyperparameters(dict[str, Value]):
    """Values by name; reading one that nobody declared names the configuration key to add.

    Attributes:
        read: the names that were asked for.
    """

    def __init__(self, *values: Any, **more: Value) -> None:
        """Take values as a dict does."""
        super().__init__(*values, **more)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Value:
        """Return a value, and note that it was asked for."""
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value or the default, and note that it was asked for."""
        self.read.add(name)
        return super().get(name, default)

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


def chosen_hyperparameters(config: Any) -> Hyperparameters:
    """Read what `tune` wrote.

    Raises:
        UserError: there is nothing yet, or a declared name is missing.
    """
    path = hyperparameters_path(config.output_paths.model.root)
    values = read_hyperparameters(path)
    missing = sorted(set(config.tuning.hyperparams) - set(values))
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; run `dvc repro` to make it anew.")
    return values


def write_hyperparameters(path: Path, values: Mapping[str, Value], comment: str) -> None:
    """Write the values with a comment that says where they come from."""
    write_yaml(path, values, comment)
