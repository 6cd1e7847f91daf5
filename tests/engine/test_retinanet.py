"""RetinaNet of KerasHub, an optional entry of the zoo: its stages, and what is said without it."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.adapter import run_steps
from modelyard.adapter.stages import _adapter
from modelyard.config import Options
from modelyard.data.manifest import read_manifest
from modelyard.files import read_json, read_yaml, write_yaml
from modelyard.zoo.command import main as zoo
from src.run import main

from .tiny_scenes import CLASSES, SIDE, TASK, write_scenes

CONFIG = ["--config", "models/retina/config.yaml"]
VALUES = {"learning_rate": 0.001, "smallest": 8}
needs_hub = pytest.mark.skipif(
    find_spec("keras_hub") is None, reason="keras-hub, the extra hub, is not installed"
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a tiny project of detection that has the entry."""
    write_scenes(tmp_path, TASK)
    monkeypatch.chdir(tmp_path)
    assert main(["prepare"]) == 0
    assert zoo(["add", "retinanet", "--name", "retina"]) == 0


def built(preset: str | Path, epochs: int) -> Any:
    """Return an adapter after `build`."""
    write_yaml(Path("models/retina/hyperparameters.yaml"), {**VALUES, "preset": str(preset)})
    few = [f"params.epochs={epochs}", "params.batch_size=8"]
    file = Path("models/retina/config.yaml")
    adapter = _adapter(Options("train", file=file, overrides=few), "validation")
    run_steps(adapter, until="build")
    return adapter


def loss(adapter: Any) -> float:
    metrics = adapter.network.evaluate(adapter._batches("validation"), verbose=0, return_dict=True)
    return float(metrics["loss"])


@pytest.mark.slow
@needs_hub
def test_it_goes_through_all_stages_and_repeats_exactly() -> None:
    few = ["params.epochs=2", "params.batch_size=8"]
    saved = []
    for _ in range(2):
        assert main(["train", *CONFIG, *few]) == 0
        saved.append(Path("models/retina/model.pkl").read_bytes())
    assert saved[0] == saved[1]
    assert main(["evaluate", *CONFIG, *few]) == 0
    metrics = read_json(Path("training_metrics/retina/metrics.json"))["test"]
    assert metrics.keys() == {"box.map", "box.map_50"}
    assert 0 <= metrics["box.map"] <= metrics["box.map_50"] <= 1
    assert main(["tune", *CONFIG, *few, "tuning.tune=true", "tuning.max_trials=1"]) == 0
    chosen = read_yaml(Path("models/retina/hyperparameters.yaml"))
    assert chosen["preset"] == "random"
    assert 0.0001 <= chosen["learning_rate"] <= 0.01


@pytest.mark.slow
@needs_hub
def test_it_learns_on_top_of_a_preset_that_lies_in_a_folder(tmp_path: Path) -> None:
    import keras_hub

    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64], input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64, 64, 64], stackwise_num_blocks=[1, 1, 1, 1],
        stackwise_num_strides=[1, 2, 2, 2], block_type="basic_block",
    )  # fmt: skip
    backbone.save_to_preset(str(tmp_path / "preset"))
    adapter = built(tmp_path / "preset", epochs=10)
    found = adapter.network.backbone.image_encoder.get_weights()
    for one, other in zip(found, backbone.get_weights(), strict=True):
        assert np.array_equal(one, other)
    before = loss(adapter)
    adapter.train()
    assert adapter.epochs_trained == 10
    assert loss(adapter) < before / 3


@pytest.mark.slow
@needs_hub
def test_boxes_become_the_targets_of_anchors_and_boxes_again() -> None:
    adapter = built("random", epochs=1)
    _, truth = next(iter(adapter._batches("validation")))
    network, images = adapter.network, np.zeros((8, SIDE, SIDE, 3), np.float32)
    boxes, labels = network.label_encoder(images, truth["boxes"], truth["labels"])
    logits = np.where(np.arange(len(CLASSES)) == np.array(labels)[..., None], 10.0, -10.0)
    found = network.decode_predictions({"bbox_regression": boxes, "cls_logits": logits}, images)
    known = {tuple(map(float, box)) for image in truth["boxes"] for box in image if box[0] >= 0}
    again = np.array(found["boxes"])[np.array(found["confidence"]) > 0]
    assert len(again) >= len(known) / 2  # of the others no anchor covers enough
    for box in again:
        assert min(abs(box - np.array(one)).max() for one in known) < 0.01


def test_without_keras_hub_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    capsys.readouterr()
    assert main(["train", *CONFIG]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: This adapter needs keras-hub (")
    assert said.endswith(
        "add `hub` to the extras of modelyard in requirements.txt, then run `sh setup.sh`.\n"
    )
    assert said.count("\n") == 1


def test_grey_images_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "keras_hub", sys)  # never asked for anything
    assert main(["prepare", "data.channels=1"]) == 0
    assert read_manifest(Path("data/processed/scenes")).input_shape[2] == 1
    assert main(["train", *CONFIG]) == 1
    assert "set data.channels in config.yaml to 3" in capsys.readouterr().err
