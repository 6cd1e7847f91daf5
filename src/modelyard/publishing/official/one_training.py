"""Are the files beside the weights of one training, and of the configuration as it is now?"""

from pathlib import Path
from typing import Any

from modelyard.config.models import config_path
from modelyard.config.schema import Config
from modelyard.documents import flat
from modelyard.errors import UserError
from modelyard.files import read_yaml

from .configuration import learnt_with

RECORDED = ("config", "data_hash", "hyperparameters", "model")


def mapping(path: Path) -> dict[str, Any]:
    """Read a mapping that training wrote.

    Raises:
        UserError: it is not one.
    """
    document = read_yaml(path, "train the model again")
    if not isinstance(document, dict):
        raise UserError(f"{path} is empty or not a mapping; train the model again.")
    return document


def check_record(path: Path, train: dict[str, Any], config: Config) -> None:
    """Refuse a record that lacks something, or is of another model or configuration."""
    if missing := [key for key in RECORDED if not train.get(key)]:
        raise UserError(f"{path} has no {missing[0]}; train the model again.")
    if not isinstance(train["config"], dict):
        raise UserError(f"{path}: config is not a section; train the model again.")
    if train["model"] != config.name:
        here = config.file == config_path(config.name)
        asked = f"the folder is {config.file.parent}" if here else f"{config.name} is asked for"
        raise UserError(
            f"{path}: model is {train['model']!r}, but {asked}; a model is published under the "
            "name it was trained by: train it again."
        )
    params = config.default_params | dict(train["config"].get("params") or {})
    then = dict(flat(learnt_with(train["config"] | {"params": params})))
    now = dict(flat(learnt_with(config.record())))
    for key in then | now:
        if then.get(key) != now.get(key):
            raise UserError(
                f"{config.file}: {key} is {now.get(key)!r}, but the model was trained with "
                f"{then.get(key)!r}; `dvc repro` trains it as configured, or set the key back."
            )


def check_files(folder: Path, train: dict[str, Any], predict: dict[str, Any]) -> None:
    """Refuse files that are not of one training."""
    pairs = (
        ("predict_configuration.yaml: model", predict.get("model"), train["model"]),
        ("predict_configuration.yaml: task", predict.get("task"), train["config"].get("task")),
        ("hparams.yaml", mapping(folder / "hparams.yaml"), dict(train["hyperparameters"])),
    )
    for what, found, recorded in pairs:
        if found != recorded:
            raise UserError(
                f"{folder / what} is {found!r}, but train_configuration.yaml says {recorded!r}: "
                "they are not of one training; `dvc repro` or `dvc checkout` the model."
            )
