"""The zoo: the nearest entry is the one that the seed's formula names, and every entry trains."""

import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from modelyard.config.architecture import architectures
from modelyard.config.hyperparameters import Hyperparameters
from modelyard.config.loading import load_config
from modelyard.data.manifest import Head
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml
from modelyard.tasks import finished, meaning
from modelyard.zoo.command import main
from modelyard.zoo.entries import OURS, load_zoo
from modelyard.zoo.selection import better, rank
from src.models import build_model
from src.models.backbones import network

from .zazu import MODELS_JSON


@pytest.fixture(autouse=True)
def _zoo(workspace: Path) -> None:
    (workspace / "models.json").write_text(MODELS_JSON)


def select(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["select", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("priority", "nearest", "distance"),
    [("10 0 0", "retinanet", 4.899), ("2 9 10", "toy", 2.449), ("0 10 10", "toy", 1.0)],
)
def test_the_seed_s_known_answers_hold(
    priority: str, nearest: str, distance: float, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--zoo", "models.json", "--task", "detection", "--priority", *priority.split()]
    found = select(capsys, *options)
    assert found["task"] == "object_detection"
    assert found["ranking"][0]["name"] == nearest
    assert found["ranking"][0]["distance"] == pytest.approx(distance, abs=5e-4)


def test_a_tie_goes_to_the_first_and_other_tasks_are_left_out() -> None:
    zoo = load_zoo(Path("models.json"))
    assert [one.name for one in rank(zoo, "object_detection", (4, 6, 6.5))] == ["retinanet", "toy"]
    with pytest.raises(UserError, match=r"no model for the task 'image_classification'"):
        rank(zoo, "image_classification", (1, 1, 1))


def test_the_defaults_are_those_of_config_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    document = read_yaml(Path("config.yaml"))
    document["zoo"] = {"task": "image_classification", "model_priority_space": [3, 10, 9]}
    write_yaml(Path("config.yaml"), document)
    found = select(capsys)
    assert found["priority"] == [3, 10, 9]
    assert found["ranking"][0] == {"name": "dense", "distance": 0}


def test_the_table_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", "--priority", "10", "0", "0"]) == 0
    said = capsys.readouterr().out
    assert "Nearest: mobilenet" in said
    assert "convolutional" in said


def test_a_winner_that_another_beats_on_every_axis_is_said() -> None:
    document = json.loads(MODELS_JSON)
    document["perfect"] = {
        "task": "detection",
        "model_space": dict.fromkeys(("accuracy_rating", "speed_rating", "memory_rating"), 10),
    }
    Path("models.json").write_text(json.dumps(document))
    zoo = load_zoo(Path("models.json"))
    ranked = rank(zoo, "object_detection", (10, 0, 0))
    assert ranked[0].name == "retinanet"
    assert better(ranked) == "perfect"
    assert better(rank(load_zoo(), "image_classification", (10, 0, 0))) is None


@pytest.mark.parametrize("priority", ["11 0 0", "0 -1 0", "0 0 nan"])
def test_a_priority_outside_the_space_is_refused(
    priority: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["select", "--priority", *priority.split()]) == 1
    assert "write three numbers from 0 to 10: accuracy, speed, memory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "poetry"}, "toy.task is 'poetry'"),
        ({"model_space": {"accuracy_rating": 11}}, "toy.model_space.accuracy_rating is 11"),
        ({"ratings": 1}, "toy.ratings is not a known key"),
    ],
)
def test_a_mistake_in_an_entry_is_named(
    change: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(MODELS_JSON)
    document["toy"] |= change
    Path("models.json").write_text(json.dumps(document))
    assert main(["select", "--zoo", "models.json"]) == 1
    assert message in capsys.readouterr().err


def buildable() -> list[str]:
    """Return the entries whose architecture is here: other tasks' may be left out."""
    return [
        name
        for name, entry in load_zoo().items()
        if entry.adapter is None
        and find_spec(f"modelyard.tasks.{entry.task}")
        and entry.described(name)["architecture"] in architectures()
    ]


@pytest.mark.parametrize("name", buildable())
@pytest.mark.parametrize("channels", [1, 3])
def test_every_entry_builds_trains_a_step_and_survives_being_saved(
    name: str, channels: int, tmp_path: Path
) -> None:
    entry = load_zoo()[name]
    described = entry.described(name)
    values = {key: one["default_value"] for key, one in described["hyperparams"].items()}
    config: Any = load_config(None, {"architecture": described["architecture"]})
    config = config.model_copy(update={"task": entry.task})
    task, shape, classes = meaning(HEADS[entry.task]), (32, 48, channels), 4
    data: Any = SimpleNamespace(classes=[*"abcd"])
    model = build_model(config, Hyperparameters(values), shape, classes)
    name = LOSS[entry.task]
    loss = task.LOSSES[name](classes) if task.LOSSES else name
    model.compile(optimizer="adam", loss=loss, run_eagerly=True)  # one step is not worth a graph
    images = np.random.default_rng(0).uniform(0, 255, (2, *shape)).astype("float32")
    before = [np.array(weights) for weights in model.trainable_weights]
    model.train_on_batch(images, targets(entry.task))
    assert any((a != b).any() for a, b in zip(before, model.trainable_weights, strict=True))
    whole = finished(task, model, data)
    whole.save(tmp_path / "model.keras")
    expected = np.array(whole(images))
    assert len(expected) == 2
    found = np.array(keras.models.load_model(tmp_path / "model.keras")(images))
    np.testing.assert_allclose(found, expected, atol=1e-4)


HEADS: dict[str, Head] = {
    "image_classification": "class",
    "object_detection": "boxes",
    "instance_segmentation": "masks",
}
LOSS = {
    "image_classification": "sparse_categorical_crossentropy",
    "object_detection": "centers",
    "instance_segmentation": "centers",
}


def targets(task: str) -> np.ndarray:
    """Return what two images of 32 x 48 pixels show: a class each, or one object each."""
    if task == "image_classification":
        return np.arange(2)
    boxes = np.array([[[0.1, 0.2, 0.6, 0.7, 1]], [[0.3, 0.3, 0.9, 0.8, 2]]], np.float32)
    if task == "object_detection":
        return boxes
    return np.concatenate([boxes, np.ones((2, 1, 16 * 24), np.float32)], axis=-1)


def test_an_unknown_backbone_is_refused() -> None:
    config: Any = load_config()
    values = Hyperparameters({"backbone": "ResNet9000", "weights": "random"})
    with pytest.raises(UserError, match="backbone is 'ResNet9000'; known backbones: Efficient"):
        network(config, values, (32, 32, 3))


def test_zoo_yaml_ships_with_the_package() -> None:
    assert OURS.is_file()
