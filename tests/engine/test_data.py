from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelyard.config.data_section import SPLITS, Split, Splits
from modelyard.config.loading import load_config, load_project
from modelyard.data.manifest import read_manifest
from modelyard.data.preparing import prepare_data as prepare
from modelyard.data.splits import split_indices
from modelyard.files import read_csv, sha256
from src.data.data_provider import DataProvider

from .tiny import CLASSES, PROCESSED
from .tiny_stripes import PER_CLASS


def provider(**params: object) -> DataProvider:
    config: Any = load_config(overrides={f"params.{key}": value for key, value in params.items()})
    data = DataProvider(config)
    data.get_data()
    return data


def train_labels(data: DataProvider, epoch: int) -> list[int]:
    data.set_epoch(epoch)
    return [int(label) for _, labels in data.train for label in labels.numpy()]


def train_images(data: DataProvider, epoch: int) -> np.ndarray:
    data.set_epoch(epoch)
    return np.concatenate([images.numpy() for images, _ in data.train])


@pytest.mark.usefixtures("workspace")
def test_the_manifest_counts_every_example_and_hashes_every_file() -> None:
    manifest = read_manifest(PROCESSED)
    assert manifest.classes == list(CLASSES)
    assert manifest.input_shape == (8, 8, 1)
    assert [manifest.counts[split]["rows"] for split in SPLITS] == [12, 4, 4]
    assert sum(manifest.size(split) for split in SPLITS) == len(CLASSES) * PER_CLASS
    for name, digest in manifest.files.items():
        assert sha256(PROCESSED / name) == digest
    assert {"manifest.json", *manifest.files} == {file.name for file in PROCESSED.iterdir()}


@pytest.mark.usefixtures("workspace")
def test_splits_are_disjoint_and_complete() -> None:
    paths = [[row["path"] for row in read_csv(PROCESSED / f"{split}.csv")] for split in SPLITS]
    together = list(chain.from_iterable(paths))
    assert len(together) == len(set(together)) == len(CLASSES) * PER_CLASS


@pytest.mark.usefixtures("workspace")
def test_arrays_hold_the_pixels_of_the_images_they_name() -> None:
    data = load_project().data
    for split in SPLITS:
        images = np.load(PROCESSED / f"{split}_images.npy")
        labels = np.load(PROCESSED / f"{split}_labels.npy")
        for row, image, label in zip(
            read_csv(PROCESSED / f"{split}.csv"), images, labels, strict=True
        ):
            assert CLASSES[label] == row["class"]
            with Image.open(data.root / row["path"]) as file:
                assert (np.asarray(file) == image[..., 0]).all()


@pytest.mark.usefixtures("workspace")
def test_preparing_twice_gives_the_same_hash_and_another_seed_another() -> None:
    first = read_manifest(PROCESSED).data_hash
    prepare(load_project().data)
    assert read_manifest(PROCESSED).data_hash == first
    prepare(load_project({"data.seed": 2}).data)
    assert read_manifest(PROCESSED).data_hash != first


@pytest.mark.usefixtures("workspace")
def test_images_are_resized_and_converted_as_configured() -> None:
    prepare(load_project({"data.image_size": [4, 6], "data.channels": 3}).data)
    images = np.load(PROCESSED / "test_images.npy")
    assert images.shape == (12, 4, 6, 3)
    assert images.dtype == np.uint8


@pytest.mark.parametrize("counts", [{"a": 3, "b": 3}, {"a": 100, "b": 4}, {"a": 7, "b": 9, "c": 5}])
@pytest.mark.parametrize("train", [0.2, 0.7, 0.98])
def test_every_class_is_in_every_split(counts: dict[str, int], train: float) -> None:
    labels = [label for label, count in counts.items() for _ in range(count)]
    shares = Splits(train=train, validation=(1 - train) / 2, test=(1 - train) / 2)
    indices = split_indices(labels, shares, seed=0)
    assert sorted(chain.from_iterable(indices.values())) == list(range(len(labels)))
    for positions in indices.values():
        assert {labels[position] for position in positions} == set(counts)


def test_a_class_is_split_in_its_shares() -> None:
    shares = Splits(train=0.2, validation=0.6, test=0.2)
    indices = split_indices(["a"] * 100 + ["b"] * 50, shares, seed=0)
    assert {split: len(found) for split, found in indices.items()} == {
        "train": 30,
        "validation": 90,
        "test": 30,
    }


@pytest.mark.usefixtures("workspace")
def test_each_epoch_shows_every_example_once_in_an_order_of_its_own() -> None:
    data = provider()
    epochs = [train_images(data, epoch).tobytes() for epoch in range(4)]
    assert all(left != right for left, right in pairwise(epochs))
    plain = np.sort(np.load(PROCESSED / "train_images.npy").reshape(36, -1), axis=0)
    for epoch in range(4):
        assert (np.sort(train_images(data, epoch).reshape(36, -1), axis=0) == plain).all()


@pytest.mark.usefixtures("workspace")
def test_the_order_depends_on_seed_and_epoch_only() -> None:
    assert train_labels(provider(), 3) == train_labels(provider(), 3)
    assert train_labels(provider(), 3) != train_labels(provider(seed=2), 3)


@pytest.mark.usefixtures("workspace")
def test_a_pass_that_is_divided_into_epochs_shows_every_example_once() -> None:
    whole, divided = provider(), provider(epochs_per_pass=3)
    for number in range(2):  # passes
        epochs = [train_images(divided, 3 * number + part) for part in range(3)]
        assert [len(epoch) for epoch in epochs] == [12] * 3
        assert (np.concatenate(epochs) == train_images(whole, number)).all()
    assert [len(train_images(provider(epochs_per_pass=5), epoch)) for epoch in range(5)] == [7] * 5


@pytest.mark.usefixtures("workspace")
def test_streaming_from_disk_gives_the_very_batches_of_memory() -> None:
    memory, disk = provider(), provider(cache_mb=0)
    for split in SPLITS:
        for left, right in zip(batches(memory, split), batches(disk, split), strict=True):
            assert left[0].shape == right[0].shape
            assert (left[0] == right[0]).all()
            assert (left[1] == right[1]).all()


def batches(data: DataProvider, split: Split) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(images.numpy(), labels.numpy()) for images, labels in getattr(data, split)]


@pytest.mark.usefixtures("workspace")
def test_validation_and_test_keep_the_order_of_their_csv() -> None:
    data = provider()
    for split in ("validation", "test"):
        named = [row["class"] for row in read_csv(PROCESSED / f"{split}.csv")]
        given = [data.classes[label] for _, labels in batches(data, split) for label in labels]
        assert named == given


def test_the_example_data_is_1797_digits(tmp_path: Path) -> None:
    from src.data.digits import write_digits

    write_digits(tmp_path / "digits")
    rows = read_csv(tmp_path / "digits/annotations.csv")
    assert len(rows) == 1797
    assert [row["class"] for row in rows[:5]] == ["0", "1", "2", "3", "4"]
    with Image.open(tmp_path / "digits" / rows[0]["path"]) as image:
        assert image.size == (8, 8)
        assert np.asarray(image)[0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]
