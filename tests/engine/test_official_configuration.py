"""What of a training is published: the filter, and the names that follow from it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.documents import fingerprint, flat
from modelyard.files import read_yaml, write_yaml
from modelyard.publishing.official.configuration import published
from modelyard.publishing.official.run_directory import read_run_directory

from .official import write_run
from .tiny import MODEL

# What zamba leaves out of its official configurations, and what else is of one machine or day.
MACHINE = {
    "acceptance", "cache_mb", "card", "data", "data_dir", "git_commit", "git_hash", "gpus",
    "input_paths", "labels", "num_workers", "output_paths", "overwrite", "root", "save_dir",
    "training_start_time", "tuning", "versions",
}  # fmt: skip


Documents = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(name="documents")
def _documents(workspace: Path) -> Documents:
    """Return the train_ and predict_configuration of a run."""
    assert Path.cwd() == workspace
    write_run()
    names = ("train_configuration.yaml", "predict_configuration.yaml")
    train, predict = (read_yaml(MODEL / name) for name in names)
    return train, predict


def keys(document: Any) -> set[str]:
    return {part for key, _ in flat(document) for part in key.split(".")}


def test_no_machine_path_time_or_commit_is_published(documents: Documents) -> None:
    found = published(*documents)
    assert not keys(found) & MACHINE
    assert str(Path.cwd()) not in json.dumps(found)
    assert "models/tiny" not in json.dumps(found)


def test_what_inference_and_retraining_need_is_published(documents: Documents) -> None:
    found = published(*documents)
    assert found["train_config"]["params"]["batch_size"] == 8
    assert found["train_config"]["hyperparameters"] == documents[0]["hyperparameters"]
    assert found["train_config"]["data_hash"] == documents[0]["data_hash"]
    assert found["predict_config"]["output"] == documents[1]["output"]
    assert found["predict_config"]["model_name"] == "tiny"


def test_the_filter_changes_none_of_what_it_is_given(documents: Documents) -> None:
    before = copy.deepcopy(documents)
    first = published(*documents)
    first["train_config"]["params"].clear()
    first["train_config"]["hyperparameters"].clear()
    assert documents == before
    assert published(*documents) == published(*before)


def test_the_name_depends_on_what_was_trained_alone(documents: Documents) -> None:
    train, _ = documents
    name = read_run_directory("tiny").checkpoint
    backwards = dict(reversed(train.items()))
    backwards |= {"git_commit": "0" * 40, "training_start_time": "never", "versions": {}}
    backwards["config"] = dict(reversed((train["config"] | {"acceptance": []}).items()))
    write_yaml(MODEL / "train_configuration.yaml", backwards)
    assert read_run_directory("tiny").checkpoint == name
    write_run("weights of another training")
    assert read_run_directory("tiny").checkpoint != name
    write_run()
    assert read_run_directory("tiny").checkpoint == name
    write_yaml(MODEL / "train_configuration.yaml", train | {"data_hash": "0" * 64})
    assert read_run_directory("tiny").checkpoint != name


def test_keys_that_an_older_version_did_not_write_are_no_mistake(documents: Documents) -> None:
    train, predict = documents
    for key in ("git_commit", "training_start_time", "versions"):
        del train[key]
    for key in ("card", "acceptance", "model_space", "tuning"):
        train["config"].pop(key, None)
    assert fingerprint(published(train, predict)) == fingerprint(published(*documents))
