"""A new model from templates/<model>.yaml, which publishing makes of an official model."""

from pathlib import Path
from typing import Annotated, Any

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
    """`train_config` of a template: what was trained, and what a user adds to it.

    Attributes:
        data_dir: your data; `modelyard adopt` says what it recognizes. Default: the project's.
        labels: the annotations in it, of images.
        batch_size: instead of that of `params`.
        gpus: how many train together; default: all.
        save_dir: what `train` writes lies in a folder of the model's name in it.
        skip_load_validation: leave out what cannot be read, instead of an error.
        from_scratch: do not begin with the weights of the official model.
        num_workers: is refused; nothing has to be read while a model trains.
    """

    model: str
    task: Task
    architecture: str
    params: dict[str, Any]
    hyperparameters: dict[str, Value] = Field(min_length=1)
    data_hash: str
    data_dir: str | None = None
    labels: str | None = None
    batch_size: Annotated[int, Field(gt=0)] | None = None
    gpus: Annotated[int, Field(ge=0)] | None = None
    save_dir: str | None = None
    skip_load_validation: bool | None = None
    from_scratch: bool | None = None
    num_workers: Any = None

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

    @field_validator("num_workers")
    @classmethod
    def _no_workers(cls, value: Any) -> Any:
        if value is not None:
            raise ValueError(
                "`prepare` reads all data once, on all cores, and training reads what it wrote; "
                "remove the key"
            )
        return value

    @field_validator("gpus")
    @classmethod
    def _some_gpus(cls, value: int | None) -> int | None:
        if value == 0:
            raise ValueError(
                "remove the key, and hide them: CUDA_VISIBLE_DEVICES=-1 python -m src.run train …"
            )
        return value


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

    def entry(self) -> Entry:
        """Return what is trained, as the zoo describes it."""
        train = self.train_config
        return Entry(
            task=train.task,
            model_space=_model_space(train.architecture),
            training_configs={
                "architecture": train.architecture,
                **self._params(),
                **train.hyperparameters,
            },
        )

    def _params(self) -> dict[str, Any]:
        """Return `params` with what the user added."""
        train = self.train_config
        added: dict[str, Any] = {"batch_size": train.batch_size, "devices": train.gpus}
        if not train.from_scratch:
            added["initial_weights"] = self.official
        return train.params | {key: one for key, one in added.items() if one is not None}

    @property
    def official(self) -> str:
        """The official model, and its version, that the template was made of."""
        named = (self.public_checkpoint or "").rpartition("_")[0] or self.train_config.model
        return f"{named}@{self.version}" if self.version else named


def add_template(path: Path, name: str | None) -> Path:
    """Write the folder of a new model with what an official one was trained with; return it.

    Raises:
        UserError: not a template, other data than in config.yaml, an impossible name.
    """
    template = load_template(path)
    _check_data(path, template.train_config)
    return add_entry(str(path), template.entry(), name or template.train_config.model)


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
    for key in ("save_dir", "skip_load_validation"):
        if getattr(template, key) is not None:
            raise UserError(
                f"{path}: train_config.{key} is for `python -m src.run train --config {path}`; a "
                "model of the project writes to its own folder, from data prepared before; remove "
                "the key."
            )
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
