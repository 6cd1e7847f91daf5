"""Hyperparameters: how the configuration declares them, and the values a model is built from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from modelyard.errors import UserError, did_you_mean
from modelyard.files import read_yaml, write_yaml

from .choices import BooleanTuning, ChoiceTuning, Value
from .mistakes import explain
from .ranges import FloatTuning, IntTuning
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
        # A range that is not searched may be a leftover: of it, only the kind of value must hold.
        if self.tuning:
            tuned = self.tuning.tune
            problem = (self.tuning.problem if tuned else self.tuning.kind)(self.default_value)
            if problem:
                raise ValueError(f"default_value {self.default_value!r} {problem}")
        return self

    def kind(self, value: object) -> str | None:
        """Say why a value is of another kind than this hyperparameter, or None."""
        default = self.default_value
        wanted = (int, float) if isinstance(default, float) else type(default)
        alike = isinstance(value, wanted) and isinstance(value, bool) == isinstance(default, bool)
        if self.tuning:
            return self.tuning.kind(value)
        return None if alike else f"is not of the kind of {default!r}"


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


ANEW = "`dvc repro` makes it anew"
_VALUES: TypeAdapter[dict[str, Value]] = TypeAdapter(dict[str, Value])


def hyperparameters_path(model_root: Path) -> Path:
    """Return where `tune` writes and `train` reads the values of one model."""
    return model_root / "hyperparameters.yaml"


def read_hyperparameters(path: Path) -> Hyperparameters:
    """Read what `tune` wrote.

    Raises:
        UserError: one line for each value that no hyperparameter can have.
    """
    document = read_yaml(path, ANEW)
    if not isinstance(document, dict):
        raise UserError(f"{path} is not a mapping of names to values; {ANEW}.")
    try:
        return Hyperparameters(_VALUES.validate_python(document, strict=True))
    except ValidationError as error:
        raise UserError(explain(error, path, document, Hyperparameter, set())) from None


def chosen_hyperparameters(config: Any) -> Hyperparameters:
    """Read what `tune` wrote.

    Raises:
        UserError: there is nothing yet, a declared name is missing, or a value is of another kind.
    """
    path = hyperparameters_path(config.output_paths.model.root)
    values = read_hyperparameters(path)
    missing = sorted(set(config.tuning.hyperparams) - set(values))
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; {ANEW}.")
    problems = [
        f"{path}: {name} is {value!r}, which {problem}, as {config.file} declares it; {ANEW}."
        for name, value in values.items()
        if (one := config.tuning.hyperparams.get(name)) and (problem := one.kind(value))
    ]
    if problems:
        raise UserError("\n".join(problems))
    return values


def write_hyperparameters(path: Path, values: Mapping[str, Value], comment: str) -> None:
    """Write the values with a comment that says where they come from."""
    write_yaml(path, values, comment)
