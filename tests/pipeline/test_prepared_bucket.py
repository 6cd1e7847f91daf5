"""Two machines read one bucket of prepared data: other shards each, through the gs:// server."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import stores
from support import ProjectEnvironment

from modelyard.data.arrays import ArrayWriter
from modelyard.data.manifest import ArraySpec, Manifest, write_manifest
from modelyard.files import sha256_of_all

ROWS, PER_SHARD, MACHINES = 120, 10, 2
BUCKET = "gs://prepared/noise"
UPLOAD = """
import fsspec
fs = fsspec.filesystem("gs")
fs.mkdir("prepared")
fs.put("folder/", "prepared/noise", recursive=True)
"""
READ = """
import json, sys
from modelyard.data.buckets import Bucket
from modelyard.data.order import ShardOrder
from modelyard.data.rows import open_rows
from pathlib import Path
bucket = Bucket("gs://prepared/noise", 1e-4, Path(sys.argv[1]))
images, texts = (
    open_rows(bucket, "train", name, bucket.manifest.spec(name)) for name in ("images", "texts")
)
order = ShardOrder(images, 1, (int(sys.argv[1]), 2))
seen = []
for start in range(0, len(order), 8):
    positions = order.batch(0, start, 8)
    shown = images[positions][:, 0, 0].tolist()
    assert texts[positions].tolist() == [b"%d" % position for position in positions]
    assert shown == positions.tolist()
    seen += shown
print(json.dumps(seen))
"""


@pytest.fixture(name="store")
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[stores.Store]:
    with stores.gs(tmp_path) as store:
        for name, value in store.variables.items():
            monkeypatch.setenv(name, value)
        yield store


def write_shards(folder: Path) -> None:
    """Write images and texts that show their number."""
    folder.mkdir()
    images, texts = ArraySpec(shape=(9, 9), dtype="uint8"), ArraySpec(shape=(), dtype="string")
    with ArrayWriter(folder, "train", "images", images) as writer:
        writer.append(np.arange(ROWS)[:, None, None] * np.ones((9, 9), np.uint8))
    with ArrayWriter(folder, "train", "texts", texts) as writer:
        writer.append([str(number) for number in range(ROWS)])
    manifest = Manifest(
        kind="arrays",
        head="class",
        inputs={"images": images, "texts": texts},
        targets={"labels": images},
        examples={"train": ROWS, "validation": 0, "test": 0},
        files=sha256_of_all(folder),
    )
    write_manifest(folder, manifest)


def test_two_machines_read_other_shards_of_one_bucket(
    store: stores.Store,
    project_environment: ProjectEnvironment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelyard.data.arrays.SHARD_BYTES", PER_SHARD * 81)
    write_shards(tmp_path / "folder")
    project_environment.run(tmp_path, "python", "-c", UPLOAD)
    python = str(project_environment.folder / ("Scripts" if sys.platform == "win32" else "bin"))
    machines = [
        subprocess.Popen(
            [f"{python}/python", "-c", READ, str(number)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(MACHINES)
    ]
    seen = [json.loads(machine.communicate()[0]) for machine in machines]
    assert sorted(seen[0] + seen[1]) == list(range(ROWS))
    shards = [{position // PER_SHARD for position in one} for one in seen]
    assert not shards[0] & shards[1]
    assert all(len(one) == 6 for one in shards)
    assert seen[0] != sorted(seen[0])
    log = store.log.read_text()
    whole = re.findall(r"GET \S*train_images\.(\d{5})\.npy\S* HTTP/1.1\" 200", log)
    assert set(whole) >= {f"{number:05}" for number in range(12)}
