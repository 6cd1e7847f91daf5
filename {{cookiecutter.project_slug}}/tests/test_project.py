"""This project's own code on tiny data: configuration, datasets, architectures, every stage."""

from pathlib import Path

import numpy as np
import pytest
from modelyard.cli import Options
from modelyard.config import Hyperparameters
from modelyard.data import SPLITS
from modelyard.files import read_yaml, write_json, write_yaml
from PIL import Image

from src.data.data_provider import DataProvider
from src.run import main
from src.trainer import ModelTrainer

ROOT = Path(__file__).parents[1]
NETWORKS = [p.stem for p in ROOT.glob("src/models/[!_]*.py") if "def build_model(" in p.read_text()]
SIDE = 32
TINY: dict[str, dict[str, object]] = {  # in place of what the configuration files say
    "data": {"annotation_type": "coco", "annotations": "annotations.json", "root": "raw",
             "processed": "data", "image_size": [SIDE, SIDE]}, "input_paths": {"data": "data"},
    "tuning": {"tune": False}, "params": {"batch_size": 8, "epochs": 2},
}  # fmt: skip
VALUES = Hyperparameters(  # yours: add what your architectures read
    learning_rate=0.003, filters=8, hidden_units=16, dropout_rate=0.1, prototypes=4,
    backbone="MobileNetV3Small", side=SIDE,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _tiny_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # with this project's configuration files, and prepared data
    for path in (ROOT / "config.yaml", *ROOT.glob("models/*/config.yaml")):
        config = read_yaml(path)
        for section in TINY.keys() & config.keys():
            kept = ("task", "channels", "splits", "seed") if section == "data" else config[section]
            config[section] = {key: config[section][key] for key in kept} | TINY[section]
        write_yaml(path.relative_to(ROOT), config)
    write_images()
    assert main(["prepare"]) == 0


def write_images() -> None:
    """Write images of one bright bar each, and COCO's annotations: class, box and mask."""
    images, bars = [], []
    Path("raw").mkdir()
    for n in range(48):
        x, y, (width, height) = n % 16, n // 4, [(6, 16), (16, 6)][n % 2]
        pixels = np.full((SIDE, SIDE, 3), n, np.uint8)
        pixels[y : y + height, x : x + width] = 230
        Image.fromarray(pixels).save(f"raw/{n}.png")
        images.append({"id": n, "file_name": f"{n}.png", "width": SIDE, "height": SIDE})
        outline = [x, y, x + width, y, x + width, y + height, x, y + height]
        shape = {"bbox": [x, y, width, height], "segmentation": [outline]}
        bars.append({"id": n, "image_id": n, "category_id": n % 2} | shape)
    classes = [{"id": 0, "name": "standing"}, {"id": 1, "name": "lying"}]
    document = {"images": images, "annotations": bars, "categories": classes}
    write_json(Path("raw/annotations.json"), document)


def data(*overrides: str) -> DataProvider:
    provider = DataProvider(Options("train", overrides=overrides).config)
    provider.get_data()
    return provider


def test_a_misspelt_key_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["check"]), main(["check", "params.epoch=3"])) == (0, 1)
    assert "params.epoch" in capsys.readouterr().err


def test_every_split_yields_all_its_images_in_batches_with_their_targets() -> None:
    provider = data()
    for split in SPLITS:
        batches = list(getattr(provider, split))
        assert sum(len(images) for images, _ in batches) == provider.manifest.size(split) > 0
        for images, targets in batches:
            assert images.dtype == np.uint8
            assert images.shape == (len(targets), SIDE, SIDE, provider.config.data.channels)


def test_each_epoch_shows_the_same_images_in_an_order_of_its_own() -> None:
    provider, orders = data(), []
    for epoch in (0, 1, 0):
        provider.set_epoch(epoch)
        orders.append([image.tobytes() for images, _ in provider.train for image in images.numpy()])
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


@pytest.mark.parametrize("architecture", NETWORKS)
def test_an_architecture_learns(architecture: str) -> None:
    provider = data(f"architecture={architecture}")
    model = ModelTrainer(provider.config, VALUES).model
    losses = model.fit(provider.train, epochs=4, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_all_stages_run() -> None:
    assert [main([stage]) for stage in ("tune", "train", "evaluate", "summary")] == [0, 0, 0, 0]
    assert Path("training_metrics.json").is_file()
