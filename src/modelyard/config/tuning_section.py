"""The section `tuning` of a model's config.yaml, and what else compares metrics."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .choices import Value
from .data_section import Positive, Seed
from .hyperparameters import Hyperparameter
from .section import Section

Trials = Annotated[int, Field(gt=0, le=1_000_000)]  # of a search
Instances = Annotated[int, Field(gt=0, le=1000)]  # trials at once
Share = Annotated[float, Field(ge=0, le=1)]


class Objective(Section):
    """A metric by name, and which way is better.

    Attributes:
        metric: as Keras reports it, val_ for the validation split; or as get_metrics names it.
        direction: min, lower is better; max, higher is better.
    """

    metric: str
    direction: Literal["min", "max"]

    def better(self, value: float, than: float, margin: float = 0.0) -> bool:
        """Say whether `value` beats `than` by more than `margin`; NaN never does."""
        return value < than - margin if self.direction == "min" else value > than + margin


class EarlyStopping(Objective):
    """Stop after `patience` epochs without an improvement of more than `min_delta`.

    Attributes:
        patience: epochs without an improvement before training stops.
        min_delta: what counts as an improvement; the best epoch is kept in any case.
    """

    patience: Positive
    min_delta: Annotated[float, Field(ge=0)]


class Pruning(Section):
    """Stop a trial whose best objective so far is worse than the median of others at that epoch.

    Attributes:
        after_trials: trials that must have come to an epoch before another is stopped there.
        after_epochs: epochs that every trial has.
    """

    after_trials: Positive
    after_epochs: Positive


class Tuning(Section):
    """What a search may try, and for how long.

    Attributes:
        early_stopping: of a trial, if it should end sooner than the final training.
        pruning: stops trials that are worse than the median of those before; absent: none.
        hyperparams: what the model is built from, by name.
    """

    tune: bool
    max_trials: Trials
    oracle: Literal["random", "bayesian", "hyperband", "grid"] = "random"
    objective: Objective = Objective(metric="val_loss", direction="min")
    executions_per_trial: Annotated[int, Field(gt=0, le=1000)] = 1
    max_instances_at_once: Instances = 1
    max_failed_share: Share = 0.5
    early_stopping: EarlyStopping | None = None
    pruning: Pruning | None = None
    seed: Seed = 42
    tensorboard: bool = False
    hyperparams: dict[str, Hyperparameter] = Field(min_length=1)

    @model_validator(mode="after")
    def _something_to_search(self) -> Self:
        if self.tune and not any(entry.searched for entry in self.hyperparams.values()):
            raise ValueError(
                "tune is true, but no hyperparameter may be tuned; write tuning.tune: true for at "
                "least one of them, or tune: false here"
            )
        return self

    @model_validator(mode="after")
    def _pruned_once(self) -> Self:
        if self.pruning and self.oracle == "hyperband":
            raise ValueError(
                "pruning does not go with oracle hyperband, which stops bad trials itself; remove "
                "pruning, or choose random, bayesian or grid"
            )
        return self

    @model_validator(mode="after")
    def _conditions_hold_for_something(self) -> Self:
        """A condition names one declared above it, which excludes circles, and a possible value."""
        above: dict[str, Hyperparameter] = {}
        for name, entry in self.hyperparams.items():
            for other, value in entry.when.items():
                problem = _condition_problem(other, value, above)
                if problem:
                    raise ValueError(f"hyperparams.{name}.tuning.when.{other} {problem}")
            above[name] = entry
        return self


def _condition_problem(other: str, value: Value, above: dict[str, Hyperparameter]) -> str | None:
    if other not in above:
        return f"names no hyperparameter declared above it: {', '.join(above) or 'none is'}"
    tuning = above[other].tuning
    problem = tuning.problem(value) if tuning else None
    return f"can never hold: {value!r} {problem}" if problem else None
