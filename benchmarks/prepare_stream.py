"""Prepare 100,000 images of 224 x 224: speed, memory, a kill in the middle; then feed steps.

`.venv/bin/python benchmarks/prepare_stream.py [IMAGES]`. It needs 18 GB of disk for 100,000 images,
and removes them. `prepare` runs three times in processes of its own: killed with -9 when a third is
decoded, going on from there, and anew. Then what was written is read in batches, shuffled over all
files, for steps that take time but no core, as on a GPU: how much of the time is not waiting?
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE, CLASSES, QUALITY = 224, 10, 85
DATA = {
    "annotation_type": "folders",
    "root": "raw",
    "processed": "processed/noise",
    "image_size": [SIDE, SIDE],
    "channels": 3,
    "splits": {"train": 0.8, "validation": 0.1, "test": 0.1},
    "seed": 1,
    "max_duplicate_share": 1.0,
}
PREPARE = f"""
from modelyard.config.data_section import ImageData
from modelyard.data.image_preparing import prepare_data
print(prepare_data(ImageData.model_validate({DATA!r})))
"""
WHOLE = ".partial-*/[!.]*_images*.npz"  # lie beside files that a killed run leaves
BATCH, STEPS = 32, 200
STEP_SECONDS = (0.1, 0.05)


class Measured(NamedTuple):
    """Seconds, seconds of a core, the peak of memory in MB, and what was said."""

    seconds: float
    computed: float
    peak: float
    said: str


def main(count: int) -> None:
    """Make images, prepare them, train; print what was measured."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".partial-") as folder:
        os.chdir(folder)
        try:
            _measure(count)
        finally:
            os.chdir("..")


def _measure(count: int) -> None:
    start = time.perf_counter()
    with ProcessPoolExecutor() as pool:
        list(pool.map(_write, range(count), chunksize=256))
    size = sum(file.stat().st_size for file in Path("raw").rglob("*.jpg"))
    seconds = time.perf_counter() - start
    print(f"{count:,} JPEGs, {size / 1e9:.1f} GB, made in {seconds:.0f} s", flush=True)
    _report("killed", count, _prepare(kill_at=count // 3))
    _report("gone on with", count, _prepare())
    shutil.rmtree("processed")
    _report("anew", count, _prepare())
    files = sorted(Path("processed/noise").glob("*_images*.npy"))
    print(f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e9:.1f} GB")
    _feed()


def _write(number: int) -> None:
    """Write one image, like no other."""
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 256, (14, 14, 3), np.uint8))
    image = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).copy()
    image[::2] ^= random.integers(0, 8, image[::2].shape, np.uint8)
    folder = Path("raw", f"class_{number % CLASSES}")
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(folder / f"{number}.jpg", quality=QUALITY)


def _prepare(kill_at: int = 0) -> Measured:
    """Run it, and kill it when so many images are decoded."""
    start, peak, before = time.perf_counter(), 0.0, _computed()
    with Path("log").open("w+") as log:
        child = subprocess.Popen([sys.executable, "-c", PREPARE], stdout=log, stderr=log)
        while child.poll() is None:
            time.sleep(0.2)
            peak = max(peak, _memory(child.pid))
            if kill_at and _decoded() >= kill_at:
                child.send_signal(signal.SIGKILL)
        log.seek(0)
        said = log.read().strip()
    return Measured(time.perf_counter() - start, _computed() - before, peak, said)


def _computed() -> float:
    """Return the seconds that ended children had of a core."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(process: int) -> float:
    """Return what a process had at most so far, in MB; it has no children."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000


def _decoded() -> float:
    """Return how many images lie in files that a killed run leaves."""
    return sum(len(np.load(file)["highest"]) for file in Path("processed").glob(WHOLE))


def _report(how: str, count: int, found: Measured) -> None:
    print(
        f"{how}: {found.seconds:.0f} s, {found.computed:.0f} s of a core, peak {found.peak:.0f} MB"
    )
    if how == "anew":
        each = count / found.seconds, count / found.computed
        print(f"  {each[0]:.0f} images/s, {each[1]:.0f} images a second of a core")
    print(f"  {found.said}", flush=True)


def _feed() -> None:
    """Print how fast batches are read, and how much of their time steps do not wait for them."""
    import tensorflow as tf

    from modelyard.data import open_array

    rows = open_array(Path("processed/noise"), "train", "images")
    labels = open_array(Path("processed/noise"), "train", "labels")

    def read(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        key = tf.constant([1, 0], tf.int64)
        positions = tf.random.experimental.index_shuffle(positions, key, len(rows) - 1)
        images = tf.numpy_function(rows.__getitem__, [positions], tf.uint8)
        return images, tf.numpy_function(labels.__getitem__, [positions], tf.int32)

    batches = tf.data.Dataset.range(len(rows)).batch(BATCH, drop_remainder=True).repeat()
    streamed = batches.map(read, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    memory = tf.data.Dataset.from_tensors(next(iter(streamed))).repeat().prefetch(2)
    sources = {"streamed": iter(streamed), "one batch in memory": iter(memory)}
    start = time.perf_counter()
    for _ in range(STEPS):
        next(sources["streamed"])
    alone = STEPS * BATCH / (time.perf_counter() - start)
    print(f"reading alone, shuffled over all files: {alone:.0f} images/s")
    for step in STEP_SECONDS:
        said = f"steps of {1000 * step:.0f} ms ({BATCH / step:.0f} images/s), share of the time:"
        shares = _shares(list(sources.values()), step)
        print(said, ", ".join(f"{k} {v:.1%}" for k, v in zip(sources, shares, strict=True)))


def _shares(sources: Sequence[Iterator[object]], step: float) -> list[float]:
    """Return which share of the time steps have that are fed from each source, in turns."""
    busy, waited = [0.0] * len(sources), [0.0] * len(sources)
    for _ in range(STEPS):
        for number, source in enumerate(sources):
            start = time.perf_counter()
            next(source)
            read = time.perf_counter()
            time.sleep(step)  # as if an accelerator computed
            waited[number] += read - start
            busy[number] += time.perf_counter() - read
    return [one / (one + other) for one, other in zip(busy, waited, strict=True)]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
