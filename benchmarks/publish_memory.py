"""Peak memory of publishing a model of two gibibytes to a folder and to a bucket at once.

Run as `.venv/bin/python benchmarks/publish_memory.py PROJECT`, where PROJECT is a generated project
after `sh run.sh` and a commit (`make demo` leaves one in .demo/digit_classifier), with `dvc[gs]`.
Its own .venv publishes; the server of gs:// is another process, which keeps the model in memory.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import stores

from modelyard.saved.content import weights_id

GIBIBYTES = 2
MODEL = "models/digits_classifier"
METRICS = "training_metrics/digits_classifier/metrics.json"
MAKE = "import fsspec; fsspec.filesystem('gs').mkdir('models')"


def main(project: Path) -> None:
    """Publish, then publish again, in a copy of the project."""
    os.environ["PATH"] = f"{project.resolve() / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as temporary, stores.gs(Path(temporary)) as store:
        os.environ.update(store.variables)
        copy, bucket = Path(temporary, "project"), Path(temporary, "bucket")
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".venv", ".uv"))
        _enlarge(copy / MODEL)
        _measure(copy / METRICS, copy / MODEL)
        config = copy / "config.yaml"
        buckets = f"buckets:\n    - file://{bucket}\n    - {store.url}"
        config.write_text(config.read_text().replace("buckets: []", buckets))
        for command in (
            ["git", "add", "."],
            ["git", "commit", "-qm", "Large"],
            ["python", "-c", MAKE],
        ):
            subprocess.run(command, cwd=copy, check=True)
        for what in ("publish", "publish again"):
            _publish(copy, what)


def _enlarge(model: Path) -> None:
    """Put weights of two gibibytes into a model, as if DVC had recorded them."""
    path, lock = model / "model.keras", model / "dvc.lock"
    old, large = _md5(path), path.with_suffix(".large")
    noise = os.urandom(2**20)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(large, "w") as target:
        for name in ("metadata.json", "config.json"):
            target.writestr(name, source.read(name))
        with target.open("model.weights.h5", "w", force_zip64=True) as weights:
            for _ in range(GIBIBYTES * 2**10):
                weights.write(noise)
    large.replace(path)
    lock.write_text(lock.read_text().replace(old, _md5(path)))


def _measure(metrics: Path, model: Path) -> None:
    """Say that the metrics are of these weights, as if DVC had recorded that."""
    lock, old = model / "dvc.lock", _md5(metrics)
    document = json.loads(metrics.read_text()) | {"weights": weights_id(model / "model.keras")}
    metrics.write_text(json.dumps(document, indent=2))
    lock.write_text(lock.read_text().replace(old, _md5(metrics)))


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _publish(project: Path, what: str) -> None:
    start = time.perf_counter()
    process = subprocess.Popen(["python", "-m", "ci.publish_models"], cwd=project)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"publishing failed: {status}")
    print(f"{what}: {usage.ru_maxrss / 2**10:.0f} MiB at most, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
