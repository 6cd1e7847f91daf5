"""`modelyard zoo add --template`: a new model with what an official one was trained with."""

from pathlib import Path

import pytest

from modelyard.config.loading import load_config
from modelyard.files import read_yaml, write_yaml
from modelyard.zoo.command import main

from .official import publish, ready
from .tiny import MODEL, PROJECT, snapshot

TEMPLATE = Path("templates/tiny.yaml")


@pytest.fixture(autouse=True)
def _published(workspace: Path) -> None:
    ready(workspace.parent / "bucket")
    assert publish() == 0


def add(*arguments: str) -> int:
    return main(["add", "--template", str(TEMPLATE), *arguments])


def fill_in(section: str, **keys: object) -> None:
    document = read_yaml(TEMPLATE)
    document[section] |= keys
    write_yaml(TEMPLATE, document)


def test_the_new_model_has_the_official_one_s_architecture_params_and_hyperparameters() -> None:
    fill_in("train_config", from_scratch=True)
    assert add("--name", "mine") == 0
    official, made = (
        load_config(MODEL / "config.yaml"),
        load_config(Path("models/mine/config.yaml")),
    )
    assert made.architecture == official.architecture
    assert made.params.model_dump(exclude={"cache_mb"}) == official.params.model_dump(
        exclude={"cache_mb"}
    )
    assert made.tuning.hyperparams == official.tuning.hyperparams
    assert "mine" in read_yaml(Path("dvc.yaml"))["artifacts"]


def test_without_from_scratch_it_begins_with_the_official_weights() -> None:
    fill_in("train_config", batch_size=7, gpus=2)
    assert add("--name", "mine") == 0
    params = load_config(Path("models/mine/config.yaml")).params
    assert params.initial_weights == "tiny@v1.0.0"
    assert (params.batch_size, params.devices) == (7, 2)


def test_data_that_is_the_project_s_own_may_be_filled_in() -> None:
    data = PROJECT["data"]
    fill_in("train_config", data_dir=data["root"] + "/", labels=data["annotations"])
    assert add("--name", "mine") == 0


@pytest.mark.parametrize(
    ("section", "keys", "message"),
    [
        ("train_config", {"data_dir": "data/raw/mine"}, "train_config.data_dir is 'data/raw/mine'"),
        ("train_config", {"labels": "mine.csv"}, "train_config.labels is 'mine.csv', but data.ann"),
        ("train_config", {"data_dri": "x"}, "data_dri is not a known key (did you mean 'data_dir'"),
        ("train_config", {"num_workers": 3}, "on all cores, and training reads what it wrote; rem"),
        ("train_config", {"gpus": 0}, "hide them: CUDA_VISIBLE_DEVICES=-1"),
        ("train_config", {"save_dir": "x"}, "save_dir is for `python -m src.run train --config"),
        ("train_config", {"params": {"epochz": 1}}, "epochz is not a key of params; known: seed, "),
        ("train_config", {"params": {"epochs": 0}}, "models/mine/config.yaml: params.epochs is 0"),
        ("train_config", {"architecture": "nope"}, "there is no src/models/nope.py"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key_and_nothing_is_written(
    section: str,
    keys: dict[str, object],
    message: str,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill_in(section, **keys)
    before = snapshot(workspace)
    assert add("--name", "mine") == 1
    assert message in capsys.readouterr().err
    assert snapshot(workspace) == before


def test_its_own_name_is_taken_while_the_official_model_is_here(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert add() == 1
    assert "models/tiny exists; choose another name with --name" in capsys.readouterr().err
