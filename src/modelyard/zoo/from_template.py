"""A new model from templates/<model>.yaml, which publishing makes of an official model."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from modelyard.config.choices import Value
from modelyard.config.data_section import Task
from modelyard.config.loading import ROOT_CONFIG, load_project
from modelyard.config.mistakes import explain
from modelyard.config.params import Params
from modelyard.config.schema import ModelSpace
from modelyard.config.section import Section
from modelyard.errors import UserError
from modelyard.files import read_yaml

from .adding import add_entry
from .entries import Entry, load_zoo

MIDDLE = ModelSpace(accuracy_rating=5, speed_rating=5, memory_rating=5)


class TrainTemplate(Section):
    """`train_config` of a template: what was trained, and where a user says with which data."""

    model: str
    task: Task
    architecture: str
    params: dict[str, Any]
    hyperparameters: dict[str, Value] = Field(min_length=1)
    data_hash: str
    data_dir: str | None = None
    labels: str | None = None

    @field_validator("params")
    @classmethod
    def _known(cls, params: dict[str, Any]) -> dict[str, Any]:
        """An entry of the zoo would take an unknown key for a hyperparameter."""
        for key in params:
            if key not in Params.model_fields:
                raise ValueError(
                    f"{key} is not a key of params; known: {', '.join(Params.model_fields)}"
                )
        return params


class Template(Section):
    """templates/<model>.yaml; of `predict_config` and what follows nothing is trained."""

    schema_version: int
    train_config: TrainTemplate
    predict_config: Any = None
    public_checkpoint: str | None = None
    sha256: str | None = None
    version: str | None = None
    commit: str | None = None
    card: Any = None


def add_template(path: Path, name: str | None) -> Path:
    """Write the folder of a new model with what an official one was trained with; return it.

    Raises:
        UserError: not a template, other data than in config.yaml, an impossible name.
    """
    template = load_template(path).train_config
    _check_data(path, template)
    entry = Entry(
        task=template.task,
        model_space=_model_space(template.architecture),
        training_configs={
            "architecture": template.architecture,
            **template.params,
            **template.hyperparameters,
        },
    )
    return add_entry(str(path), entry, name or template.model)


def load_template(path: Path) -> Template:
    """Read a template.

    Raises:
        UserError: one line per mistake.
    """
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise UserError(f"{path} is empty or not a mapping; `make publish_models` makes templates.")
    try:
        return Template.model_validate(document)
    except ValidationError as error:
        raise UserError(explain(error, path, document, Template, set())) from None


def _check_data(path: Path, template: TrainTemplate) -> None:
    """Refuse data that was filled in and is not that of the project, which all models share."""
    data = load_project().data
    annotations = Path(str(getattr(data, "annotations", data.root)))
    places = (
        ("data_dir", template.data_dir, "data.root", data.root),
        ("labels", template.labels, "data.annotations", annotations),
    )
    for key, wanted, shared, found in places:
        if wanted is not None and Path(wanted) != found:
            raise UserError(
                f"{path}: train_config.{key} is {wanted!r}, but {shared} in {ROOT_CONFIG} is "
                f"{str(found)!r}, and all models learn from that; write {wanted!r} there (see "
                "src/data/README.md)."
            )


def _model_space(architecture: str) -> ModelSpace:
    """Return where the zoo has the architecture, in the middle if it has not."""
    zoo = load_zoo()
    return zoo[architecture].model_space if architecture in zoo else MIDDLE
