"""Every key that a configuration file may hold, with its type and its limits.

To use a key of your own in the code, add it to its section here.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from .acceptance import Requirement
from .data_config import DataConfig, Positive, Seed, Task
from .hyperparameters import Hyperparameter
from .ranges import Value
from .section import ProjectPath, Section

Rating = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Objective(Section):
    """A metric by name, and which way is better."""

    metric: str
    direction: Literal["min", "max"]

    def better(self, value: float, than: float, margin: float = 0.0) -> bool:
        """Say whether `value` beats `than` by more than `margin`; NaN never does."""
        return value < than - margin if self.direction == "min" else value > than + margin


class ZooConfig(Section):
    """`zoo` in the root config.yaml: what `python -m src.zoo` looks for."""

    task: Task = "image_classification"
    model_priority_space: list[Rating] = Field(default=[5, 5, 5], min_length=3, max_length=3)
    max_trials: Positive = 20
    max_instances_at_once: Positive = 1


def _bucket(value: str) -> str:
    if not re.match(r"(gs|s3|az)://[^/]|file:///[^/]", value):
        raise ValueError(
            "must be a bucket, such as gs://bucket/models (gs, s3, az), or a folder by its whole "
            "path, such as file:///srv/models"
        )
    return value


class PublishConfig(Section):
    """`publish` in the root config.yaml: where official models are kept, the nearest first."""

    buckets: list[Annotated[str, AfterValidator(_bucket)]] = Field(default=[])


class ProjectConfig(Section):
    """The root config.yaml: what all models share."""

    model: str
    data: DataConfig
    summary: Objective
    zoo: ZooConfig = ZooConfig()
    publish: PublishConfig = PublishConfig()


class EarlyStopping(Objective):
    """Stop after `patience` epochs without an improvement of more than `min_delta`."""

    patience: Positive
    min_delta: Annotated[float, Field(ge=0)]


class Params(Section):
    """Settings of training that no search touches."""

    seed: Seed
    epochs: Positive
    deterministic: bool
    batch_size: Positive
    cache_mb: Annotated[int, Field(ge=0)]
    optimizer: str
    loss: str
    metrics: list[str]
    early_stopping: EarlyStopping


class Tuning(Section):
    """What a search may try, and for how long."""

    tune: bool
    max_trials: Positive
    oracle: Literal["random", "bayesian", "hyperband", "grid"] = "random"
    objective: Objective = Objective(metric="val_loss", direction="min")
    executions_per_trial: Positive = 1
    max_instances_at_once: Positive = 1
    max_failed_share: Share = 0.5
    early_stopping: EarlyStopping | None = None
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


class InputPaths(Section):
    """What the stages of a model read."""

    data: ProjectPath


class ModelPaths(Section):
    """What `train` writes for one model."""

    root: ProjectPath
    keras_model: ProjectPath
    tflite_model: ProjectPath
    output_mapping: ProjectPath


class OutputPaths(Section):
    """What the stages of a model write."""

    model: ModelPaths
    training_metrics: ProjectPath


class ModelSpace(Section):
    """Where a model lies in the zoo: 10 is the most accurate, the fastest, the smallest."""

    accuracy_rating: Rating
    speed_rating: Rating
    memory_rating: Rating

    @property
    def point(self) -> tuple[float, float, float]:
        """The ratings: accuracy, speed, memory."""
        return self.accuracy_rating, self.speed_rating, self.memory_rating


class Card(Section):
    """What only people can say of a model; its model card shows it."""

    intended_use: str = Field(min_length=1)
    limits: str = Field(min_length=1)


class ModelConfig(Section):
    """models/<model>/config.yaml."""

    architecture: str
    task: Task = "image_classification"
    model_space: ModelSpace | None = None
    params: Params
    tuning: Tuning
    input_paths: InputPaths
    output_paths: OutputPaths
    acceptance: list[Requirement] = Field(default=[])
    card: Card | None = None


class Config(ModelConfig):
    """One model's configuration together with the shared data section.

    Attributes:
        file: where it was read from; `models/<name>/config.yaml`.
    """

    file: Path
    data: DataConfig

    @property
    def name(self) -> str:
        """The model's name: its folder's."""
        return self.file.parent.name

    def record(self, *sections: str) -> dict[str, Any]:
        """Return the given sections (default: all) as plain values for JSON and YAML."""
        return self.model_dump(mode="json", include=set(sections) or None, exclude={"file"})
