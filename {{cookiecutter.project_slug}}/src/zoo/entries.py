"""What the zoo holds: entries of src/models/zoo.yaml, or of a models.json as ZazuML writes it."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from ..utils.acceptance import Requirement
from ..utils.data_config import Task
from ..utils.hyperparameters import Hyperparameter
from ..utils.ranges import Sampling, Value
from ..utils.schema import ModelSpace, Objective, Params
from ..utils.section import Section
from ..utils.utils import UserError, did_you_mean, read_yaml

ZOO = Path(__file__).parents[1] / "models/zoo.yaml"
ADAPTERS = Path(__file__).with_name("adapters")
AXES = ("accuracy", "speed", "memory")
# ZazuML's names for the same tasks.
SHORT = {
    "classification": "image_classification",
    "detection": "object_detection",
    "instance segmentation": "instance_segmentation",
}
RANGE = ("param_type", "min", "max", "step", "sampling", "values")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _fixed(configs: dict[str, Any]) -> dict[str, Any]:
    """Refuse hyperparameters that no model can read; `Params` judges its own keys later."""
    for key, value in configs.items():
        if key not in Params.model_fields and not isinstance(value, bool | int | float | str):
            raise ValueError(f"{key} is {value!r}; a hyperparameter is a number, text or boolean")
        _finite(value)
    return configs


Known = Annotated[Task, BeforeValidator(lambda name: SHORT.get(name, name))]
Finite = Annotated[Value, AfterValidator(_finite)]
Line = Annotated[str, Field(pattern=r"^[^\r\n]+$")]


class Tunable(Section):
    """A hyperparameter to be searched: one of `values`, or the keys of a `tuning` section.

    Attributes:
        default_value: where none is given, the middle one of `values`.
        why: a comment for the model's configuration.
    """

    name: Line
    why: Line | None = None
    default_value: Finite | None = None
    values: list[Finite] | None = Field(default=None, min_length=1)
    param_type: str | None = None
    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    sampling: Sampling | None = None

    def declared(self) -> dict[str, Any]:
        """Return it as `tuning.hyperparams` of a model's configuration declares it."""
        tuning = {key: getattr(self, key) for key in RANGE if getattr(self, key) is not None}
        default = self.default_value
        if self.values is not None:
            values = _of_one_type(self.values)
            # ZazuML names a sampling here, too; of a list of values it says nothing.
            tuning = {"param_type": "choice", "values": values} if self.plain else tuning
            default = values[len(values) // 2] if default is None else default
            if isinstance(values[0], float) and type(default) is int:
                default = float(default)
        why = {"why": self.why} if self.why else {}
        return why | {"default_value": default, "tuning": {"tune": True, **tuning}}

    @property
    def plain(self) -> bool:
        """Whether it is a list of values, as ZazuML has it."""
        return self.values is not None and self.param_type is None

    @model_validator(mode="after")
    def _can_be_searched(self) -> Self:
        if self.values is None and self.default_value is None:
            raise ValueError("needs `values`, or a `default_value` with param_type, min and max")
        try:
            document = {key: what for key, what in self.declared().items() if key != "why"}
            Hyperparameter.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise ValueError(f"{key}: {first['msg'].removeprefix('Value error, ')}") from None
        return self


class Entry(Section):
    """One model of the zoo; `training_configs` are fixed, `hp_search_space` may be searched.

    Attributes:
        training_configs: `architecture`, keys of `params`, and hyperparameters never searched.
        adapter: a file of src/zoo/adapters that becomes the model's adapter.py.
        objective: what trials are judged by, val_loss if there is none.
        acceptance: limits for the model; if there are none, those of the task.
    """

    task: Known
    model_space: ModelSpace
    hp_search_space: list[Tunable] = Field(default=[])
    training_configs: Annotated[dict[str, Any], AfterValidator(_fixed)] = Field(default={})
    adapter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.py$")] | None = None
    objective: Objective | None = None
    acceptance: list[Requirement] | None = None

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [*(one.name for one in self.hp_search_space), *self.training_configs]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"names {', '.join(sorted(twice))} more than once")
        return self

    def described(self, name: str) -> dict[str, Any]:
        """Return the entry as src/zoo/template names its parts: plain values."""
        fixed = dict(self.training_configs)
        architecture = fixed.pop("architecture", name)
        params = {key: fixed.pop(key) for key in Params.model_fields if key in fixed}
        searched = {one.name: one.declared() for one in self.hp_search_space}
        parts: dict[str, Any] = {
            "architecture": architecture,
            "adapter": self.adapter is not None,
            "params": params,
            "hyperparams": searched | {key: {"default_value": fixed[key]} for key in fixed},
            "model_space": {key: _short(value) for key, value in self.model_space},
        }
        if self.objective:
            parts["objective"] = self.objective.model_dump()
        if self.acceptance is not None:
            parts["acceptance"] = [one.model_dump(exclude_none=True) for one in self.acceptance]
        return parts


def load_zoo(path: Path = ZOO) -> dict[str, Entry]:
    """Return the entries of a zoo by name, in the file's order; JSON is YAML, too.

    Raises:
        UserError: naming the file, the entry, the key and what is allowed, one line a mistake.
    """
    try:
        return TypeAdapter(dict[str, Entry]).validate_python(read_yaml(path))
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(map(str, one['loc']))} is {one['input']!r}: "
            f"{one['msg'].removeprefix('Value error, ')}."
            for one in error.errors(include_url=False)
        ]
        raise UserError("\n".join(lines)) from None


def find(zoo: Mapping[str, Entry], name: str) -> Entry:
    """Return an entry by name.

    Raises:
        UserError: there is none of that name; it tells the nearest and all others.
    """
    if name not in zoo:
        raise UserError(
            f"The zoo has no entry {name!r}{did_you_mean(name, zoo)}; "
            f"its entries: {', '.join(zoo)}."
        )
    return zoo[name]


def _of_one_type(values: list[Value]) -> list[Value]:
    """Return numbers of both kinds as floats: a choice is of one type."""
    kinds = {type(value) for value in values}
    return [float(value) for value in values] if kinds == {int, float} else values


def _short(rating: float) -> int | float:
    return int(rating) if rating.is_integer() else rating
