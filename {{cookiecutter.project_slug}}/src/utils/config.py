"""Load configuration files through the schema; every mistake becomes one clear sentence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from .mistakes import explain
from .schema import Config, ModelConfig, ProjectConfig
from .utils import UserError, did_you_mean, parse_yaml, read_yaml

ROOT_CONFIG = Path("config.yaml")
ARCHITECTURES = Path(__file__).parents[1] / "models"
BUILDS = b"\ndef build_model("

SectionType = TypeVar("SectionType", bound=BaseModel)
Overrides = Mapping[str, Any]


def load_project(overrides: Overrides | None = None) -> ProjectConfig:
    """Load the root config.yaml, with overrides by dotted key."""
    return _validate(ProjectConfig, ROOT_CONFIG, overrides or {})


def load_config(path: Path | None = None, overrides: Overrides | None = None) -> Config:
    """Load a model's configuration (default: the root's `model`) joined with the shared data.

    Raises:
        UserError: naming the file, the key, the value and what is allowed, one line a mistake.
    """
    mine, shared = _split(overrides or {})
    project = load_project(shared)
    path = path or model_config_path(project.model)
    model = _validate(ModelConfig, path, mine)
    if not path.with_name("adapter.py").is_file():  # which brings the model itself
        _check_architecture(path, model.architecture)
    _check_task(path, model.task, project.data.task)
    return Config(file=path, data=project.data, **dict(model))


def check_all() -> None:
    """Validate the root configuration and that of every model."""
    model = load_project().model
    problems = []
    for path in sorted(Path("models").glob("*/config.yaml")):
        try:
            _check_paths(path, load_config(path))
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    model_config_path(model)


def model_config_path(model: str) -> Path:
    """Return the path of a model's configuration; an unknown model is refused by name."""
    path = Path("models", model, "config.yaml")
    if not path.is_file():
        known = sorted(found.parent.name for found in Path("models").glob("*/config.yaml"))
        raise UserError(
            f"{ROOT_CONFIG}: model is {model!r}, but {path} does not exist"
            f"{did_you_mean(model, known)}; known models: {', '.join(known) or 'none'}."
        )
    return path


def architectures() -> list[str]:
    """Return the known architectures: the modules in src/models with a `build_model`."""
    modules = [file for file in ARCHITECTURES.glob("[!_]*.py") if BUILDS in file.read_bytes()]
    return sorted(file.stem for file in modules)


def parse_overrides(arguments: Sequence[str]) -> dict[str, Any]:
    """Turn KEY=VALUE arguments into values by dotted key; VALUE is read as YAML."""
    overrides = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not (key and equals):
            raise UserError(f"command line: {argument!r} is no KEY=VALUE such as params.epochs=2.")
        try:
            overrides[key] = parse_yaml(value)
        except ValueError:
            raise UserError(f"command line: {key}: {value!r} is no YAML value.") from None
    return overrides


def _split(overrides: Overrides) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separate the overrides of the model's file from those of the root's."""
    root = ProjectConfig.model_fields
    shared = {key: value for key, value in overrides.items() if key.split(".")[0] in root}
    return {key: value for key, value in overrides.items() if key not in shared}, shared


def _validate(schema: type[SectionType], path: Path, overrides: Overrides) -> SectionType:
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise UserError(
            f"{path} is empty or no mapping; it must hold {', '.join(schema.model_fields)}."
        )
    for key, value in overrides.items():
        _override(document, key, value)
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        raise UserError(explain(error, path, document, schema, set(overrides))) from None


def _override(document: dict[str, Any], key: str, value: object) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        document = document.setdefault(parent, {})
        if not isinstance(document, dict):
            raise UserError(f"command line: {key} cannot be set: {parent!r} is no section.")
    document[last] = value


def _check_architecture(path: Path, architecture: str) -> None:
    if architecture not in architectures():
        raise UserError(
            f"{path}: architecture is {architecture!r}, but there is no src/models/"
            f"{architecture}.py with a build_model{did_you_mean(architecture, architectures())}; "
            f"known architectures: {', '.join(architectures())}."
        )


def _check_task(path: Path, task: str, data_task: str) -> None:
    if task != data_task:
        raise UserError(
            f"{path}: task is {task!r}, but data.task in {ROOT_CONFIG} is {data_task!r}; a model "
            f"learns what the data is annotated for."
        )


def _check_paths(path: Path, config: Config) -> None:
    """Refuse outputs that belong to another model, as after copying its folder."""
    model = config.output_paths.model
    inside = [model.root, model.keras_model, model.tflite_model, model.output_mapping]
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
