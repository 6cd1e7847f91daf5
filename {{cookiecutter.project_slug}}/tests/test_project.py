"""This project's own code on tiny data: configuration, datasets, architectures, every stage."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from modelyard.cli import Options
from modelyard.config import Hyperparameters
from modelyard.data import SPLITS
from modelyard.data.tiny import write_tiny
from modelyard.files import read_yaml, write_yaml

from src.data.data_provider import DataProvider
from src.run import main
from src.trainer import ModelTrainer

ROOT = Path(__file__).parents[1]
NETWORKS = [p.stem for p in ROOT.glob("src/models/[!_]*.py") if "def build_model(" in p.read_text()]
TINY: dict[str, dict[str, object]] = {  # in place of what the configuration files say
    "input_paths": {"data": "data", "vocabulary": "data/vocabulary.txt"},
    "tuning": {"tune": False}, "params": {"batch_size": 8, "epochs": 2},
}  # fmt: skip
VALUES = Hyperparameters(  # yours: add what your architectures read
    learning_rate=0.003, filters=8, hidden_units=16, dropout_rate=0.1, prototypes=4,
    backbone="MobileNetV3Small", side=32, hidden_layers=1, l2=0.0,
    embedding_dim=8, window=3, units=8, step=2, heads=2, blocks=1,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _tiny_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # with this project's configuration files, and prepared data
    for path in (ROOT / "config.yaml", *ROOT.glob("models/*/config.yaml")):
        config = read_yaml(path)
        for section in TINY.keys() & config.keys():
            config[section] |= TINY[section]
        if "data" in config:
            config["data"] = write_tiny(config["data"])  # yours: examples like your own
        write_yaml(path.relative_to(ROOT), config)
    assert main(["prepare"]) == 0


def data(*overrides: str) -> DataProvider:
    provider = DataProvider(Options("train", overrides=overrides).config)
    provider.get_data()
    return provider


def test_a_misspelt_key_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["check"]), main(["check", "params.epoch=3"])) == (0, 1)
    assert "params.epoch" in capsys.readouterr().err


def test_every_split_yields_all_its_examples_in_batches_with_their_targets() -> None:
    provider = data()
    wanted = [(spec.shape, spec.dtype) for _, spec in sorted(provider.manifest.inputs.items())]
    for split in SPLITS:
        batches = list(getattr(provider, split))
        assert sum(len(targets) for _, targets in batches) == provider.manifest.size(split) > 0
        for inputs, targets in batches:
            parts = tf.nest.flatten(inputs)  # one for each input, by name
            assert [(tuple(part.shape[1:]), part.dtype.name) for part in parts] == wanted
            assert {len(part) for part in parts} == {len(targets)}


def test_each_epoch_shows_the_same_examples_in_an_order_of_its_own() -> None:
    provider, orders = data(), []
    for epoch in (0, 1, 0):
        provider.set_epoch(epoch)
        batches = [tf.nest.flatten(inputs) for inputs, _ in provider.train]
        examples = [example for parts in batches for example in zip(*parts, strict=True)]
        orders.append([str([np.array(part).tolist() for part in one]) for one in examples])
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


@pytest.mark.parametrize("architecture", NETWORKS)
def test_an_architecture_learns(architecture: str) -> None:
    provider = data(f"architecture={architecture}")
    trainer = ModelTrainer(provider.config, VALUES)
    train = trainer.recipe.encoded(provider.train)
    losses = trainer.model.fit(train, epochs=4, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_all_stages_run() -> None:
    assert [main([stage]) for stage in ("tune", "train", "evaluate", "summary")] == [0, 0, 0, 0]
    assert Path("training_metrics.json").is_file()
