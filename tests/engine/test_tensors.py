"""Datasets of what lies in shards: on disk or in a bucket, the same rows in a known order."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modelyard.data import order
from modelyard.data.arrays import ArrayWriter
from modelyard.data.buckets import Bucket
from modelyard.data.manifest import ArraySpec, Manifest, write_manifest
from modelyard.data.tensors import by_shards, rows
from modelyard.errors import UserError
from modelyard.files import sha256_of_all

ROWS, PER_SHARD = 60, 5
SPECS = {
    "images": ArraySpec(shape=(4, 4, 1), dtype="uint8"),
    "texts": ArraySpec(shape=(2,), dtype="string"),
    "waves": ArraySpec(shape=(None,), dtype="float32"),
}


@pytest.fixture(name="config")
def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what is needed of a configuration; prepared data lies in shards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("modelyard.data.arrays.SHARD_BYTES", PER_SHARD * 16)
    monkeypatch.setattr(order, "WINDOW", 2)
    folder = tmp_path / "prepared"
    folder.mkdir()
    found: dict[str, Any] = {
        "images": np.arange(ROWS, dtype=np.uint8)[:, None, None, None] * np.ones((4, 4, 1), "u1"),
        "texts": [[str(n), ""] for n in range(ROWS)],
        "waves": [np.full(n % 4, n, np.float32) for n in range(ROWS)],
    }
    for name, spec in SPECS.items():
        with ArrayWriter(folder, "train", name, spec) as writer:
            writer.append(found[name])
    assert len(list(folder.glob("train_texts.0*.npy"))) > PER_SHARD
    manifest = Manifest(
        kind="arrays",
        head="number",
        inputs=SPECS,
        targets={"images": SPECS["images"]},
        examples={"train": ROWS, "validation": 0, "test": 0},
        files=sha256_of_all(folder),
    )
    write_manifest(folder, manifest)
    params = SimpleNamespace(seed=1, batch_size=8, cache_mb=0, epochs_per_pass=1)
    return SimpleNamespace(input_paths=SimpleNamespace(data=folder), params=params)


@pytest.mark.parametrize("cache_mb", [0, 1])
@pytest.mark.parametrize("far", [False, True], ids=["disk", "bucket"])
def test_rows_of_shards_are_tensors_wherever_they_come_from(
    cache_mb: int, *, far: bool, config: Any
) -> None:
    config.params.cache_mb = cache_mb
    bucket = Bucket(f"file://{config.input_paths.data}") if far else None
    read = {name: rows(config, "train", name, bucket) for name in SPECS}
    positions = tf.constant([59, 0, 7, 7], tf.int64)
    images, texts, waves = (read[name](positions) for name in SPECS)
    assert images.shape == (4, 4, 4, 1)
    assert images[:, 0, 0, 0].numpy().tolist() == [59, 0, 7, 7]
    assert texts.numpy().tolist() == [[b"59", b""], [b"0", b""], [b"7", b""], [b"7", b""]]
    assert waves.numpy().tolist() == [[59] * 3, [0] * 3, [7] * 3, [7] * 3]


def test_epochs_of_a_bucket_are_an_order_of_seed_and_epoch_alone(config: Any) -> None:
    epoch = tf.Variable(0, dtype=tf.int64)

    def read(number: int, part: tuple[int, int] = (0, 1)) -> list[int]:
        bucket = Bucket(f"file://{config.input_paths.data}")
        images = rows(config, "train", "images", bucket)
        batches = by_shards(config, "train", bucket, epoch, part).map(images, tf.data.AUTOTUNE)
        epoch.assign(number)
        return [int(image[0, 0, 0]) for batch in batches for image in batch.numpy()]

    first = read(0)
    assert sorted(first) == list(range(ROWS))
    assert read(0) == first
    second = read(1)
    assert second != first
    config.params.epochs_per_pass = 2
    assert read(2) + read(3) == second
    config.params.epochs_per_pass = 1
    parts = [read(1, (number, 2)) for number in range(2)]
    assert not set(parts[0]) & set(parts[1])
    assert len(parts[0]) == len(parts[1])


def test_too_many_machines_and_too_small_a_cache_are_one_sentence_each(config: Any) -> None:
    epoch, url = tf.Variable(0, dtype=tf.int64), f"file://{config.input_paths.data}"
    with pytest.raises(UserError, match=r"99 machines cannot share \d+ shards of train"):
        by_shards(config, "train", Bucket(url), epoch, (0, 99))
    with pytest.raises(UserError, match=r"cache_gb is 1e-06, write more"):
        by_shards(config, "train", Bucket(url, cache_gb=1e-6), epoch)
