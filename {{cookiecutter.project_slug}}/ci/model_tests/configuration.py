"""A model's configuration with a test's values in it: complete, checked, and stored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from src.utils.config import architectures, load_config
from src.utils.mistakes import explain
from src.utils.schema import Config, ModelConfig
from src.utils.utils import UserError, did_you_mean, flat, read_yaml


def resolved(source: Path, model: str, changes: Mapping[str, Any]) -> Config:
    """Return a model's configuration with values replaced, by the schema of every configuration.

    `source` says where the changes stand: model_tests.yaml and the name of the test.

    Raises:
        UserError: there is no such model, or a value is not allowed.
    """
    path = Path("models", model, "config.yaml")
    if not path.is_file():
        known = sorted(found.parent.name for found in Path("models").glob("*/config.yaml"))
        raise UserError(
            f"{source}.model is {model!r}, but {path} does not exist{did_you_mean(model, known)}; "
            f"known models: {', '.join(known) or 'none'}."
        )
    own = load_config(path)  # what is wrong without the test is said of the model's own file
    document = merged(read_yaml(path), changes)
    try:
        config = ModelConfig.model_validate(document)
    except ValidationError as error:
        where = Path(f"{source}.config")
        raise UserError(explain(error, where, document, ModelConfig, set())) from None
    _check(source, config, own)
    return Config(file=path, data=own.data, **dict(config))


def merged(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with values replaced; keys are nested, or dotted as `params.epochs`."""
    result = dict(document)
    for key, value in changes.items():
        first, dot, rest = str(key).partition(".")
        change = {rest: value} if dot else value
        if isinstance(change, Mapping):
            old = result.get(first)
            result[first] = merged(old if isinstance(old, Mapping) else {}, change)
        else:
            result[first] = change
    return result


def snapshot(config: Config) -> dict[str, Any]:
    """Return models/<model>/config.yaml with every key, also those that were left to defaults."""
    sections = set(ModelConfig.model_fields)
    return config.model_dump(mode="json", include=sections, exclude_none=True)


def differences(config: Config, trained: Mapping[str, Any]) -> list[str]:
    """Say where a trained model's train_configuration.yaml differs from what a test asks for.

    What decides a training counts: architecture, task, params, and the hyperparameters, by their
    values or, where they were searched, by the search.
    """
    record, then = config.record(), trained.get("config") or {}
    asked = {key: record[key] for key in ("architecture", "task", "params", "input_paths")}
    had = {key: then.get(key) for key in asked}
    if config.tuning.tune:
        asked["tuning"], had["tuning"] = record["tuning"], then.get("tuning")
    else:
        entries = config.tuning.hyperparams
        asked["hyperparameters"] = {name: one.default_value for name, one in entries.items()}
        had["hyperparameters"] = trained.get("hyperparameters")
    before = dict(flat(had))
    return [
        f"{key} was {before.get(key)!r}, the test asks for {value!r}"
        for key, value in flat(asked)
        if before.get(key) != value
    ]


def _check(source: Path, config: ModelConfig, own: Config) -> None:
    brings_model = own.file.with_name("adapter.py").is_file()
    if not brings_model and config.architecture not in architectures():
        raise UserError(
            f"{source}.config.architecture is {config.architecture!r}, which src/models does not "
            f"have{did_you_mean(config.architecture, architectures())}; known architectures: "
            f"{', '.join(architectures())}."
        )
    if config.task != own.data.task:
        raise UserError(
            f"{source}.config.task is {config.task!r}, but data.task in config.yaml is "
            f"{own.data.task!r}; a model learns what the data is annotated for."
        )
