"""A team's own keys: declared in one class, and from then on like any other key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard import config
from modelyard.cli import stages
from modelyard.config.loading import load_config
from modelyard.config.project import find_project, hand_over
from modelyard.files import read_yaml
from src import run

from .tiny import MODEL, TINY, write_model


class Params(config.Params):
    """The engine's keys, and one of the team's."""

    confidence_penalty: float = 0.0


class Config(config.Config):
    """A model's configuration with the team's key."""

    params: Params


main = run.main  # set by the fixture


@pytest.fixture(autouse=True)
def _project(workspace: Path) -> Iterator[None]:  # noqa: ARG001
    """Hand over a project with that key, and the skeleton's own again at the end."""
    global main  # noqa: PLW0603
    before = find_project()
    assert before is not None
    main = stages(run.__spec__, Config, train=run.train)
    yield
    hand_over(before)


def write(**params: object) -> None:
    write_model(TINY | {"params": {**TINY["params"], **params}})


def loaded(**overrides: object) -> Config:
    found = load_config(overrides={f"params.{key}": value for key, value in overrides.items()})
    assert isinstance(found, Config)
    return found


def test_it_has_the_value_of_the_file_or_its_default() -> None:
    assert loaded().params.confidence_penalty == 0.0
    write(confidence_penalty=0.1)
    assert loaded().params.confidence_penalty == 0.1


def test_a_value_of_another_type_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    write(confidence_penalty="0.1")
    assert main(["check"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: models/tiny/config.yaml: params.confidence_penalty is '0.1': ")
    assert "number" in said


def test_a_misspelt_one_is_refused_with_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    write(confidence_penalti=0.1)
    assert main(["check"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: models/tiny/config.yaml: params.confidence_penalti is no")
    assert "(did you mean 'confidence_penalty'?); allowed here: seed, epochs" in said
    assert said.rstrip().endswith(", confidence_penalty.")


def test_without_the_class_the_key_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    write(confidence_penalty=0.1)
    assert stages(run.__spec__, config.Config)(["check"]) == 1
    assert "params.confidence_penalty is no" in capsys.readouterr().err


def test_the_command_line_beats_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    write(confidence_penalty=0.1)
    assert loaded(confidence_penalty=0.2).params.confidence_penalty == 0.2
    assert main(["check", "params.confidence_penalty=much"]) == 1
    assert "command line: params.confidence_penalty is 'much'" in capsys.readouterr().err


def test_it_is_part_of_what_is_recorded() -> None:
    write(confidence_penalty=0.1)
    assert loaded().record()["params"]["confidence_penalty"] == 0.1
    assert main(["train", "params.epochs=1", "params.confidence_penalty=0.3"]) == 0
    record = read_yaml(MODEL / "train_configuration.yaml")
    assert record["config"]["params"]["confidence_penalty"] == 0.3


def test_the_class_stays_when_a_trial_changes_the_parameters() -> None:
    from modelyard.adapter import ModelSpecs

    write(confidence_penalty=0.1)
    trial = ModelSpecs(loaded(), seed=7, epochs=2).trial_config
    assert isinstance(trial, Config)
    assert (trial.params.confidence_penalty, trial.params.seed, trial.name) == (0.1, 7, "tiny")


def test_of_several_trials_at_once_each_uses_the_devices_that_it_was_given() -> None:
    from modelyard.adapter import ModelSpecs

    write(devices=[0, 1])
    one, two = loaded(), load_config(overrides={"tuning.max_instances_at_once": 2})
    devices = [
        ModelSpecs(each, seed=7, epochs=2).trial_config.params.devices for each in (one, two)
    ]
    assert devices == [[0, 1], "all"]
