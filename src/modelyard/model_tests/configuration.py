"""A model's configuration with a test's values in it: complete, checked, and stored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard.config.known_values import check_known_values
from modelyard.config.loading import (
    check_architecture,
    check_augmentation,
    check_task,
    load_config,
    schema,
)
from modelyard.config.mistakes import explain
from modelyard.config.models import check_known
from modelyard.config.schema import Config
from modelyard.documents import flat
from modelyard.errors import UserError
from modelyard.files import read_yaml


def resolved(source: Path, model: str, changes: Mapping[str, Any]) -> Config:
    """Return a model's configuration with values replaced, by the schema of every configuration.

    `source` says where the changes stand: model_tests.yaml and the name of the test.

    Raises:
        UserError: there is no such model, or a value is not allowed.
    """
    path = check_known(model, f"{source}.model")
    own = load_config(path)  # what is wrong without the test is said of the model's own file
    document = merged(read_yaml(path), changes)
    try:
        config = schema().model_validate(document).joined(path, own.data)
    except ValidationError as error:
        where = Path(f"{source}.config")
        raise UserError(explain(error, where, document, schema(), set())) from None
    check_architecture(f"{source}.config.architecture", config)
    check_task(f"{source}.config.task", config)
    check_augmentation(f"{source}.config.params.augmentation", config)
    if config.adapter is None:
        check_known_values(f"{source}.config", config)
    return config


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
    return config.model_dump(mode="json", exclude_none=True)


def differences(config: Config, trained: Mapping[str, Any]) -> list[str]:
    """Say where a trained model's train_configuration.yaml differs from what a test asks for.

    What decides a training counts: architecture, task, params, and the hyperparameters, by their
    values or, where they were searched, by the search.
    """
    record, then = config.record(), trained.get("config") or {}
    asked = {key: record[key] for key in ("architecture", "task", "params", "input_paths")}
    had = {key: then.get(key) for key in asked}
    had["params"] = config.default_params | dict(had["params"] or {})
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
