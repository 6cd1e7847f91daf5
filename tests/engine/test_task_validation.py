"""Mean average precision during training, on the validation split."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import pytest

from modelyard.config.hyperparameters import chosen_hyperparameters
from modelyard.config.loading import load_config
from modelyard.config.measured import JUDGED
from modelyard.data.manifest import Manifest, read_manifest
from modelyard.documents import flat
from modelyard.files import write_yaml
from modelyard.recipe.validation import TaskValidation, is_asked_for, judged_names
from modelyard.tasks import Datasets, finished, meaning
from modelyard.tasks.centers import CentersLoss
from modelyard.tasks.objects import _found, _metrics, _truth
from src.data.data_provider import DataProvider
from src.models import build_model

from .conftest import stages
from .tiny import MODEL
from .tiny_scenes import TASKS, model, write_scenes

NAMES = [f"val_{name}" for name in JUDGED["masks"]]
Train = Callable[..., list[dict[str, float]]]


@pytest.fixture(scope="module")
def _scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("validation")
    write_scenes(root, TASKS[1])
    stages(root, "prepare", "tune")
    return root


@pytest.fixture
def data(_scenes: Path, monkeypatch: pytest.MonkeyPatch) -> Datasets:
    """Return the prepared scenes; their project is the working directory."""
    monkeypatch.chdir(_scenes)
    config: Any = load_config()
    provider = DataProvider(config)
    provider.get_data()
    return provider


@pytest.fixture
def network(data: Datasets) -> keras.Model:
    """Return a compiled network that already finds something in the scenes."""
    keras.utils.set_random_seed(4)
    config = data.config
    shape = prepared(data).input_shape
    made = build_model(config, chosen_hyperparameters(config), shape, len(data.classes))
    made.compile(keras.optimizers.Adam(0.01), CentersLoss(len(data.classes)))
    made.fit(data.train, shuffle=False, epochs=12, verbose=0)
    return made


def prepared(data: Datasets) -> Manifest:
    return read_manifest(data.config.input_paths.data)


def train(
    network: keras.Model, data: Datasets, every: int, epochs: int, earlier: Any = ()
) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Return the values of each epoch, as a later callback sees them, and what judging gives."""
    seen: list[dict[str, float]] = []
    judged: list[dict[str, float]] = []

    class Recorder(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            seen.append({name: logs[name] for name in NAMES})
            judged.append(validation_metrics(self.model, data))

    callbacks = [TaskValidation(data, data.config, every, lambda: earlier), Recorder()]
    keras_fit = {"initial_epoch": len(earlier), "epochs": epochs, "callbacks": callbacks}
    network.fit(data.train, shuffle=False, verbose=0, **keras_fit)
    return seen, judged


def validation_metrics(network: keras.Model, data: Datasets) -> dict[str, float]:
    task = meaning("masks")
    metrics = task.judge(finished(task, network, prepared(data)), data, "validation")
    return {f"val_{name}": float(str(value)) for name, value in flat(metrics)}


def test_first_and_last_epoch_and_every_second_are_judged(
    network: keras.Model, data: Datasets
) -> None:
    seen, judged = train(network, data, every=2, epochs=5)
    assert seen[0] == judged[0]
    assert seen[1] == judged[1]
    assert seen[2] == judged[1]
    assert seen[3] == judged[3]
    assert seen[4] == judged[4]
    assert len({one["val_box.map"] for one in judged}) > 2


def test_a_resumed_training_repeats_the_last_value(network: keras.Model, data: Datasets) -> None:
    earlier = [dict.fromkeys(NAMES, 0.25), {"loss": 3.0, **dict.fromkeys(NAMES, 0.5)}]
    seen, judged = train(network, data, every=4, epochs=5, earlier=earlier)
    assert seen[0] == dict.fromkeys(NAMES, 0.5)
    assert seen[1:] == judged[1:]


def test_judging_batch_by_batch_gives_what_judging_all_at_once_does(
    network: keras.Model, data: Datasets
) -> None:
    task = meaning("masks")
    whole = finished(task, network, prepared(data))
    for split in ("train", "validation"):
        outputs = whole.predict(data.in_order(split), verbose=0)
        truth = _truth(data, split)
        expected = _metrics(data, truth, _found(data, truth, [outputs])).summary()
        assert 0.05 < expected["mask"]["map"] < 1
        by_batch = SimpleNamespace(predict_on_batch=whole.predict_on_batch)  # and nothing else
        assert task.judge(by_batch, data, split) == expected


@pytest.mark.parametrize(
    ("stop", "searched", "objective", "asked"),
    [
        ("val_loss", [], "val_box.map", False),
        ("val_loss", ["filters"], "val_mask.map_50", True),
        ("val_box.map", [], "val_loss", True),
        ("val_loss", ["filters"], "val_loss", False),
    ],
)
def test_nobody_waits_for_metrics_that_steer_nothing(
    data: Datasets, stop: str, searched: list[str], objective: str, *, asked: bool
) -> None:
    document = model(TASKS[1])
    params, tuning = document["params"], document["tuning"]
    params = {**params, "early_stopping": {**params["early_stopping"], "metric": stop}}
    filters = {
        "default_value": 8,
        "tuning": {"tune": True, "param_type": "int", "min": 4, "max": 8},
    }
    tuning = {
        **tuning,
        "tune": bool(searched),
        "objective": {"metric": objective, "direction": "max"},
        "hyperparams": {**tuning["hyperparams"], "filters": filters},
    }
    before = (MODEL / "config.yaml").read_text()
    try:
        write_yaml(MODEL / "config.yaml", {**document, "params": params, "tuning": tuning})
        config = load_config()
    finally:
        (MODEL / "config.yaml").write_text(before)
    assert is_asked_for(config, prepared(data)) == asked
    assert judged_names(prepared(data)) == NAMES
    assert data.classes
