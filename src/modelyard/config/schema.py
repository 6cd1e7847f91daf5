"""Every key that a configuration file may hold, with its type and its limits.

A project declares keys of its own in a subclass of `Config`, in its `src/utils/utils.py`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from .data_section import DataConfig, Task
from .models import adapter_of
from .params import Params, tuned_params
from .paths_section import InputPaths, OutputPaths
from .requirement import Requirement
from .section import Section
from .signing_section import Signing
from .tuning_section import Instances, Objective, Trials, Tuning

Rating = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class ZooConfig(Section):
    """`zoo` in the root config.yaml: what `modelyard zoo` looks for.

    Attributes:
        task: which entries fit; the same as data.task.
        max_instances_at_once: of `modelyard zoo search`: trials at once.
    """

    task: Task = "image_classification"
    model_priority_space: list[Rating] = Field(default=[5, 5, 5], min_length=3, max_length=3)
    max_trials: Trials = 20
    max_instances_at_once: Instances = 1


# A password in an address would be printed with it.
KEPT_AT = (
    r"(gs|s3|az)://[^/]|hf://(?!(datasets|spaces|buckets)/)[\w.-]+/[\w.-]|file:///[^/]"
    r"|https://[^/@?#]+(/[^@?#]*)?$"
)


def _bucket(value: str) -> str:
    if not re.match(KEPT_AT, value):
        raise ValueError(
            "must be a bucket, such as gs://bucket/models (gs, s3, az), a repository of the "
            "Hugging Face Hub, such as hf://organization/repository, a folder by its whole path, "
            "such as file:///srv/models, or an https:// address without user and query, which is "
            "only read"
        )
    return value


def _source(value: str) -> str:
    if not re.match(r"(gs|s3|az)://[^/]|file:///[^/]|(?![\w+]*://)[^\s]", value):
        raise ValueError(
            "must be a folder, such as ../results/version_1, or one in a bucket, such as "
            "s3://private/results/version_1 (gs, s3, az, file)"
        )
    return value


class PublishConfig(Section):
    """`publish` in the root config.yaml: where official models are kept, the nearest first.

    Attributes:
        sources: by model, the folder of results that is published in place of models/MODEL.
        signing: who signs what is published, and how readers know.
    """

    buckets: list[Annotated[str, AfterValidator(_bucket)]] = Field(default=[])
    sources: dict[
        Annotated[str, Field(pattern=r"^\w[\w.-]*$")], Annotated[str, AfterValidator(_source)]
    ] = Field(default={})
    signing: Signing | None = None


class ProjectConfig(Section):
    """The root config.yaml: what all models share."""

    model: str
    data: DataConfig
    summary: Objective
    zoo: ZooConfig = ZooConfig()
    publish: PublishConfig = PublishConfig()


class ModelSpace(Section):
    """Where a model lies in the zoo: 10 is the most accurate, the fastest, the smallest.

    Attributes:
        accuracy_rating: how right it is, compared with other models of the task.
        speed_rating: how quickly it answers.
        memory_rating: how little memory it takes.
    """

    accuracy_rating: Rating
    speed_rating: Rating
    memory_rating: Rating

    @property
    def point(self) -> tuple[float, float, float]:
        """The ratings: accuracy, speed, memory."""
        return self.accuracy_rating, self.speed_rating, self.memory_rating


class Card(Section):
    """What only people can say of a model; its model card shows it.

    Attributes:
        intended_use: what it was made for.
        limits: what it was not made for, and where it errs.
    """

    intended_use: str = Field(min_length=1)
    limits: str = Field(min_length=1)


class Config(Section):
    """One model's configuration: models/<model>/config.yaml, and the shared data section."""

    architecture: str
    task: Task = "image_classification"
    model_space: ModelSpace | None = None
    params: Params
    tuning: Tuning
    input_paths: InputPaths = InputPaths()
    output_paths: OutputPaths
    acceptance: list[Requirement] = Field(default=[])
    card: Card | None = None
    _file: Path = PrivateAttr()
    _data: DataConfig = PrivateAttr()
    _written: Self | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _every_value_of_params_is_allowed(self) -> Self:
        """A hyperparameter `params.KEY` must be valid as that key, with every value it may have."""
        for name, entry in self.tuning.hyperparams.items():
            for value in entry.extremes:
                tuned_params(self.params, {name: value})
        return self

    def tuned(self, values: Mapping[str, Any]) -> Self:
        """Return this configuration with hyperparameters named `params.KEY` in place of that key.

        Raises:
            ValueError: one of them cannot be.
        """
        tuned = self.model_copy(update={"params": tuned_params(self.params, values)})
        tuned._written = self.written
        return tuned

    @property
    def written(self) -> Self:
        """The configuration as the file has it, before `tuned`."""
        return self._written or self

    def joined(self, file: Path, data: DataConfig) -> Self:
        """Return this configuration with where it was read from, and with the shared data."""
        joined = self.model_copy()
        if "data" not in self.input_paths.model_fields_set:
            paths = self.input_paths.model_copy(update={"data": data.processed})
            joined = self.model_copy(update={"input_paths": paths})
        joined._file, joined._data = file, data
        return joined

    @property
    def file(self) -> Path:
        """Where it was read from: `models/<model>/config.yaml`."""
        return self._file

    @property
    def data(self) -> DataConfig:
        """`data` of the root config.yaml."""
        return self._data

    @property
    def name(self) -> str:
        """The model's name: its folder's."""
        return self.file.parent.name

    @property
    def adapter(self) -> Path | None:
        """The model's adapter.py, None if the project's own code trains it."""
        return adapter_of(self.file)

    @property
    def exports(self) -> dict[str, Path]:
        """The files of the forms that `params.export` lists, by form."""
        paths = self.output_paths.model
        return {one.format: paths.form(one.format) for one in self.params.export}

    @property
    def default_params(self) -> dict[str, Any]:
        """The keys of `params` that a file may leave out, as older records do, with defaults."""
        return type(self.params).model_construct().model_dump(mode="json")

    def record(self, *sections: str) -> dict[str, Any]:
        """Return the given sections (default: all) as plain values, for JSON and YAML."""
        record = self.model_dump(mode="json", include=set(sections) or None)
        if not sections or "data" in sections:
            record["data"] = self.data.model_dump(mode="json")
        return record
