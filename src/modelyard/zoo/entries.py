"""What the zoo holds: the engine's entries and the team's, or those of another file.

The team's are in src/models/zoo.yaml; another file may be a models.json as ZazuML writes it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from modelyard.config.data_section import Task
from modelyard.config.mistakes import explain, shown
from modelyard.config.params import Params
from modelyard.config.project import source_folder
from modelyard.config.requirement import Requirement
from modelyard.config.schema import ModelSpace
from modelyard.config.section import Section
from modelyard.config.tuning_section import Objective
from modelyard.errors import UserError, did_you_mean
from modelyard.files import read_yaml

from .tunable import Tunable, finite

HERE = Path(__file__).parent
OURS = HERE / "zoo.yaml"
AXES = ("accuracy", "speed", "memory")


def _fixed(configs: dict[str, Any]) -> dict[str, Any]:
    """Refuse hyperparameters that no model can read; `Params` judges its own keys later."""
    for key, value in configs.items():
        if key not in Params.model_fields and not isinstance(value, bool | int | float | str):
            raise ValueError(f"{key} is {value!r}; a hyperparameter is a number, text or boolean")
        finite(value)
    return configs


class Entry(Section):
    """One model of the zoo; `training_configs` are fixed, `hp_search_space` may be searched.

    Attributes:
        task: what its models learn.
        hp_search_space: hyperparameters that a search may choose.
        training_configs: `architecture`, keys of `params`, and hyperparameters never searched.
        adapter: a file of src/models/adapters, or of the engine's, which becomes adapter.py; or a
            folder there, `retina/`, with an adapter.py and what that imports from beside it.
        objective: what trials are judged by, val_loss if there is none.
        acceptance: limits for the model; if there are none, those of the task.
    """

    task: Task
    model_space: ModelSpace
    hp_search_space: list[Tunable] = Field(default=[])
    training_configs: Annotated[dict[str, Any], AfterValidator(_fixed)] = Field(default={})
    adapter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.py|/)$")] | None = None
    objective: Objective | None = None
    acceptance: list[Requirement] | None = None

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [*(one.name for one in self.hp_search_space), *self.training_configs]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"names {', '.join(sorted(twice))} more than once")
        return self

    def described(self, name: str) -> dict[str, Any]:
        """Return the entry as the templates of a model's files name its parts: plain values."""
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


def load_zoo(path: Path | None = None) -> dict[str, Entry]:
    """Return the entries of a zoo by name, in the file's order; JSON is YAML, too.

    Without a path these are the engine's entries and those of src/models/zoo.yaml, of which one
    replaces an entry of the engine that has the same name.

    Raises:
        UserError: naming the file, the entry, the key and what is allowed, one line per mistake.
    """
    if path is not None:
        return _read(path)
    own = source_folder() / "models/zoo.yaml"
    return _read(OURS) | (_read(own) if own.is_file() else {})


def adapter_folders() -> list[Path]:
    """Return where an entry's adapter is looked for: the team's folder, then the engine's."""
    return [source_folder() / "models/adapters", HERE / "adapters"]


def _read(path: Path) -> dict[str, Entry]:
    document = read_yaml(path) or {}
    if not isinstance(document, dict):
        raise UserError(
            f"{path} is {shown(document)}; write entries by name, as its comments show."
        )
    try:
        return TypeAdapter(dict[str, Entry]).validate_python(document)
    except ValidationError as error:
        raise UserError(explain(error, path, document, Entry, set())) from None


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


def _short(rating: float) -> int | float:
    return int(rating) if rating.is_integer() else rating
