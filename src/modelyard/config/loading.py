"""Load configuration files through the schema; every mistake becomes one clear sentence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from modelyard.errors import UserError, did_you_mean
from modelyard.files import read_yaml
from modelyard.strict_yaml import parse_yaml

from .architecture import architectures, check_names
from .augmentation_section import object_problem
from .known_values import check_known_values
from .mistakes import explain
from .models import check_known, config_paths
from .project import find_project
from .schema import Config, ProjectConfig
from .shared_section import FIND_OBJECTS, OF_IMAGES

ROOT_CONFIG = Path("config.yaml")
SectionType = TypeVar("SectionType", bound=BaseModel)
Overrides = Mapping[str, Any]


def load_project(overrides: Overrides | None = None) -> ProjectConfig:
    """Load the root config.yaml, with overrides by dotted key.

    Raises:
        UserError: naming the file, the key, the value and what is allowed, one line per mistake.
    """
    return validate(ProjectConfig, ROOT_CONFIG, overrides or {})


def load_config(path: Path | None = None, overrides: Overrides | None = None) -> Config:
    """Load a model's configuration (default: the root's `model`) joined with the shared data.

    It is of the class that the project hands over, with the team's own keys.

    Raises:
        UserError: naming the file, the key, the value and what is allowed, one line per mistake.
    """
    mine, shared = _split(overrides or {})
    project = load_project(shared)
    path = path or model_config_path(project.model)
    config = validate(schema(), path, mine).joined(path, project.data)
    check_architecture(f"{path}: architecture", config)
    check_task(f"{path}: task", config)
    check_augmentation(f"{path}: params.augmentation", config)
    if config.adapter is None:
        check_names(config)
        check_known_values(str(path), config)
    return config


def schema() -> type[Config]:
    """Return the class of a model's configuration: the project's, else the engine's."""
    project = find_project()
    return project.schema if project else Config


def check_all() -> None:
    """Validate the root configuration and that of every model.

    Raises:
        UserError: one line per mistake, of all files.
    """
    model = load_project().model
    problems = []
    for path in config_paths():
        try:
            _check_paths(path, load_config(path))
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    model_config_path(model)


def model_config_path(model: str) -> Path:
    """Return the path of the root's model; an unknown one is refused by name."""
    return check_known(model, f"{ROOT_CONFIG}: model")


def parse_overrides(arguments: Sequence[str]) -> dict[str, Any]:
    """Turn KEY=VALUE arguments into values by dotted key; VALUE is read as YAML."""
    overrides = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not (key and equals):
            raise UserError(
                f"command line: {argument!r} is not KEY=VALUE, such as params.epochs=2."
            )
        try:
            overrides[key] = parse_yaml(value)
        except ValueError:
            raise UserError(f"command line: {key}: {value!r} is not a YAML value.") from None
    return overrides


def validate(schema: type[SectionType], path: Path, overrides: Overrides) -> SectionType:
    """Read a file, put overrides over it, and check it against a schema.

    Raises:
        UserError: one line per mistake.
    """
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise UserError(
            f"{path} is empty or not a mapping; it must hold {', '.join(schema.model_fields)}."
        )
    for key, value in overrides.items():
        override(document, key, value)
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        raise UserError(explain(error, path, document, schema, set(overrides))) from None


def check_architecture(source: str, config: Config) -> None:
    """Refuse an architecture that src/models does not have, unless an adapter brings the model."""
    known = architectures()
    if config.adapter is None and config.architecture not in known:
        raise UserError(
            f"{source} is {config.architecture!r}, but there is no src/models/"
            f"{config.architecture}.py with a build_model"
            f"{did_you_mean(config.architecture, known)}; known architectures: {', '.join(known)}."
        )


def check_task(source: str, config: Config) -> None:
    """Refuse a task for which the data is not annotated."""
    if config.task != config.data.task:
        raise UserError(
            f"{source} is {config.task!r}, but data.task in {ROOT_CONFIG} is "
            f"{config.data.task!r}; a model learns what the data is annotated for."
        )


def check_augmentation(source: str, config: Config) -> None:
    """Refuse layers for what has no pixels, and those that move pixels and not their boxes."""
    layers = config.params.augmentation
    problem = object_problem(layers) if config.task in FIND_OBJECTS else None
    if layers and config.task not in (*OF_IMAGES, "custom"):
        problem = (
            f" names layers for images, but the task is {config.task}; write [], or define "
            "`augment` in the model's module"
        )
    if problem:
        raise UserError(f"{source}{problem}.")


def override(document: dict[str, Any], key: str, value: object) -> None:
    """Set a value by its dotted key, also in sections that are not there yet.

    Raises:
        UserError: a part of the key is not a section.
    """
    name, rest = _first_name(document, key)
    while rest:
        document = document.setdefault(name, {})
        if not isinstance(document, dict):
            raise UserError(f"command line: {key} cannot be set: {name!r} is not a section.")
        name, rest = _first_name(document, rest)
    document[name] = value


def _split(overrides: Overrides) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separate the overrides of the model's file from those of the root's."""
    root = ProjectConfig.model_fields
    shared = {key: value for key, value in overrides.items() if key.split(".")[0] in root}
    return {key: value for key, value in overrides.items() if key not in shared}, shared


def _first_name(document: dict[str, Any], key: str) -> tuple[str, str]:
    """Split the first name off a dotted key; one in the file may itself have dots."""
    known = [name for name in document if f"{key}.".startswith(f"{name}.")]
    name = max(known, key=len, default=key.partition(".")[0])
    return name, key[len(name) + 1 :]


def _check_paths(path: Path, config: Config) -> None:
    """Refuse outputs that belong to another model, as after copying its folder."""
    model = config.output_paths.model
    inside = [model.root, model.keras_model, model.tflite_model, model.output_mapping]
    if model.tflite_model.suffix != ".tflite":
        raise UserError(
            f"{path}: output_paths.model.tflite_model is {model.tflite_model}; write a name that "
            "ends with .tflite."
        )
    for output in inside:
        if not output.is_relative_to(path.parent):
            raise UserError(
                f"{path}: output_paths.model names {output}, which is not in {path.parent}; "
                f"write paths in the model's own folder."
            )
    if config.output_paths.training_metrics.name != config.name:
        raise UserError(
            f"{path}: output_paths.training_metrics is {config.output_paths.training_metrics}; "
            f"write training_metrics/{config.name}."
        )
