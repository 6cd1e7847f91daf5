"""Prepared data in a bucket: read by shards, mixed, shared by machines, its cache bounded."""

from pathlib import Path

import numpy as np
import pytest

from modelyard.data import Split, order
from modelyard.data.arrays import ArrayWriter
from modelyard.data.buckets import Bucket
from modelyard.data.manifest import ArraySpec, Manifest, write_manifest
from modelyard.data.order import ShardOrder, shard_order
from modelyard.data.rows import Rows, open_rows
from modelyard.errors import UserError
from modelyard.files import sha256_of_all

ROWS, PER_SHARD = 103, 10
SPEC = ArraySpec(shape=(10, 10), dtype="uint8")
FILE = 128 + PER_SHARD * 100
STARTS = [*range(0, ROWS, PER_SHARD), ROWS]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return where eleven shards of images lie, of which each shows its number."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("modelyard.data.arrays.SHARD_BYTES", PER_SHARD * 100)
    monkeypatch.setattr(order, "WINDOW", 2)
    folder = tmp_path / "bucket"
    folder.mkdir()
    with ArrayWriter(folder, "train", "images", SPEC) as writer:
        writer.append(np.arange(ROWS, dtype=np.uint8)[:, None, None] * np.ones((10, 10), np.uint8))
    (folder / "train.csv").write_text("path,class\n")
    np.save(folder / "train_labels.npy", np.zeros(ROWS, np.int32))
    files, specs = sha256_of_all(folder), {"images": SPEC}
    counts: dict[Split, int] = {"train": ROWS, "validation": 0, "test": 0}
    write_manifest(
        folder,
        Manifest(
            kind="arrays",
            head="class",
            inputs=specs,
            targets=specs,
            examples=counts,
            files=files,
        ),
    )
    return f"file://{folder}"


def images(bucket: Bucket) -> Rows:
    return open_rows(bucket, "train", "images", SPEC)


def test_rows_of_a_bucket_are_fetched_by_shard_and_the_cache_stays_small(url: str) -> None:
    bucket, cache = Bucket(url, cache_gb=3 * FILE / 1e9), Path(".cache/prepared")
    rows = images(bucket)
    assert len(rows) == ROWS
    assert rows.nbytes == ROWS * 100
    assert not cache.exists()
    for position in np.random.default_rng(0).permutation(ROWS):
        assert (rows[np.array([position])] == position).all()
        files = list(cache.iterdir())
        assert 1 <= len(files) <= 3
        assert not [file for file in files if file.name.startswith(".")]
    assert (rows[:][:, 0, 0] == np.arange(ROWS)).all()
    bucket.copy_small(Path("small"))
    copied = sorted(file.name for file in Path("small").iterdir())
    assert copied == ["manifest.json", "train.csv", "train_labels.npy"]  # `evaluate` reads labels


def test_a_file_that_is_not_the_one_of_the_manifest_is_named(url: str) -> None:
    file = Path("bucket/train_images.00003.npy")
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    rows = images(Bucket(url))
    assert (rows[np.arange(30)][:, 0, 0] == np.arange(30)).all()
    with pytest.raises(UserError, match=r"bucket/train_images.00003.npy is damaged"):
        rows[np.array([30])]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("file:///nowhere", "cannot be read"),
        ("ftp://x/y", "is not a bucket; write a URL .* file://, gs://"),
    ],
)
def test_what_is_no_bucket_is_one_sentence(bad: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Bucket(bad)


def test_a_cache_that_is_too_small_is_refused(url: str) -> None:
    with pytest.raises(UserError, match=r"cache_gb is 2e-06, write more"):
        Bucket(url, cache_gb=2e-6).check_cache(4, 10**6)
    with pytest.raises(UserError, match=r"more than the cache may have"):
        images(Bucket(url, cache_gb=1e-6))[np.array([0])]


@pytest.mark.usefixtures("url")
def test_an_epoch_reads_everything_once_in_an_order_of_its_own_few_shards_at_a_time() -> None:
    first, second = (shard_order(STARTS, 1, epoch) for epoch in (0, 1))
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(ROWS))
    assert first.tolist() != second.tolist() != shard_order(STARTS, 2, 1).tolist()
    assert first.tolist() == shard_order(STARTS, 1, 0).tolist()
    even = shard_order(STARTS[:-1], 1, 0)
    windows = [even[at : at + 2 * PER_SHARD] for at in range(0, len(even), 2 * PER_SHARD)]
    assert [len(set((one // PER_SHARD).tolist())) for one in windows] == [2] * 5
    assert windows[0].tolist() != sorted(windows[0].tolist())


@pytest.mark.usefixtures("url")
def test_machines_read_shards_of_their_own_and_equally_many_rows() -> None:
    epochs = [[shard_order(STARTS, 1, epoch, (n, 3)) for n in range(3)] for epoch in range(8)]
    for parts in epochs:
        shards = [set((part // PER_SHARD).tolist()) for part in parts]
        assert not shards[0] & shards[1] | shards[1] & shards[2] | shards[0] & shards[2]
        assert {len(part) for part in parts} == {30}
    seen = {position for parts in epochs for part in parts for position in part.tolist()}
    assert seen == set(range(ROWS))  # what one epoch leaves out, another reads
    with pytest.raises(ValueError, match="12 machines cannot share 11 shards"):
        shard_order(STARTS, 1, 0, (0, 12))


def test_the_next_window_is_fetched_before_it_is_needed(url: str) -> None:
    rows = images(Bucket(url))
    expected: list[int] = []
    rows.expect = lambda positions: expected.extend(positions // PER_SHARD)  # type: ignore[method-assign]
    shards = ShardOrder(rows, 1)
    found = shards.batch(0, 0, 5)
    assert (found == shard_order(STARTS, 1, 0)[:5]).all()
    later = shard_order(STARTS, 1, 0) // PER_SHARD
    assert set(expected) == set(later[:25])
    expected.clear()
    shards.batch(0, 5, 5)
    assert set(expected) == set(later[25:30])
