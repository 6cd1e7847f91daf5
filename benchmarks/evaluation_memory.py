"""Peak memory of judging and predicting 2,800 images, against one batch of the same model.

Run as `.venv/bin/python benchmarks/evaluation_memory.py [TASK [SIDE [IMAGES]]]` with an environment
that has the engine; by default a segmenter of 256 x 256 pixels with random weights. What is
measured is a process of its own each time: its largest resident memory, and of that what is not a
mapped file, which the system can drop at any time.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modelyard.files import write_json, write_yaml

ROOT = Path(__file__).parents[1]
SKELETON = ROOT / "{{cookiecutter.project_slug}}"
DRIVER = ROOT / "src/modelyard/model_tests/driver.py"
MODEL, RAW, PROCESSED = Path("models/net"), Path("data/raw/scenes"), Path("data/processed/scenes")
BATCH = 32
FORMS = (f"keras={MODEL}/model.keras", f"tflite={MODEL}/model.tflite")

START = """
import sys
from pathlib import Path
from modelyard.config.project import source_folder
import src.run
from modelyard.startup import import_tensorflow
import_tensorflow(source_folder())
from modelyard.config.loading import load_config
from src.data.data_provider import DataProvider
config = load_config()
data = DataProvider(config)
"""
SAVE = f"""{START}
from modelyard.config.hyperparameters import chosen_hyperparameters
config = load_config(overrides={{"params.cache_mb": 0}})  # what training keeps is not the question
data = DataProvider(config)
from src.trainer import ModelTrainer
data.get_data()
trainer = ModelTrainer(config, chosen_hyperparameters(config))
trainer.backup.claim()
trainer.backup.history.append({{"loss": 1.0, "val_loss": 1.0}})  # random weights will do
trainer.save(data)
"""
ONE_BATCH = f"""{START}
import numpy as np
from modelyard.saved.loading import load_saved
from modelyard.saved.lite import LiteModel
images = np.array(np.load("{PROCESSED}/test_images.npy", mmap_mode="r")[:{BATCH}])
for model in (load_saved(Path("{MODEL}/model.keras")).predict_on_batch,
              LiteModel(Path("{MODEL}/model.tflite"))):
    for _ in range(3):
        model(images)
"""
COMPARE = f"""
from pathlib import Path
from modelyard.model_tests.parity import difference, read_predictions
stored = read_predictions(Path("{MODEL}/test_predictions.npy"))
print(difference(stored, read_predictions(Path("found/keras.npy")), 1e-5))
"""


def main(task: str = "instance_segmentation", side: str = "256", images: str = "2800") -> None:
    """Prepare, save, then measure each command."""
    os.environ["PYTHONPATH"] = f"{SKELETON}{os.pathsep}{ROOT / 'src'}"
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)
        _write_project(task, int(side), int(images))
        _measured("prepare", "-m", "src.run", "prepare")
        _measured("tune", "-m", "src.run", "tune")
        _measured("save", "-c", SAVE)
        one = _measured("one batch", "-c", ONE_BATCH)
        Path("found").mkdir()
        test = f"{PROCESSED}/test_images.npy"
        for what, command in {
            "evaluate": ["-m", "src.run", "evaluate"],
            "run_tests, predicting": [
                str(DRIVER), "predict", "src", str(MODEL), test, "found", *FORMS,
            ],
            "run_tests, comparing": ["-c", COMPARE],
            "predict": ["-m", "modelyard", "predict", str(MODEL), f"{RAW}/images"],
        }.items():  # fmt: skip
            print(f"{what}: {_measured(what, *command) - one:+.0f} MiB against one batch")


def _measured(what: str, *command: str) -> float:
    """Run Python; return the most memory in MiB that was not of mapped files."""
    start, anonymous = time.perf_counter(), 0
    process = subprocess.Popen([sys.executable, "-P", *command], stdin=subprocess.PIPE)
    while True:
        found, status, usage = os.wait4(process.pid, os.WNOHANG)
        if found:
            break
        anonymous = max(anonymous, _anonymous(process.pid))
        time.sleep(0.02)
    if status:
        raise SystemExit(f"{what} failed: {status}")
    print(
        f"{what}: {usage.ru_maxrss / 2**10:.0f} MiB at most, {anonymous / 2**10:.0f} MiB without "
        f"mapped files, {time.perf_counter() - start:.0f} s",
        flush=True,
    )
    return anonymous / 2**10


def _anonymous(process: int) -> int:
    """Return the kibibytes of a process that are not of files."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1])
    return 0


def _write_project(task: str, side: int, images: int) -> None:
    write_yaml(
        Path("config.yaml"),
        {
            "model": MODEL.name,
            "data": {
                "task": task,
                "annotation_type": "coco",
                "root": str(RAW),
                "annotations": "annotations.json",
                "processed": str(PROCESSED),
                "image_size": [side, side],
                "channels": 3,
                "splits": {"train": 0.1, "validation": 0.1, "test": 0.8},
                "seed": 1,
            },
            "summary": {"metric": "test.box.map", "direction": "max"},
        },
    )
    write_yaml(MODEL / "config.yaml", _model(task))
    _write_scenes(side, images)


def _model(task: str) -> dict[str, Any]:
    stopping = {"metric": "val_loss", "direction": "min", "patience": 1, "min_delta": 0.0}
    values = {"learning_rate": 0.01, "filters": 4, "prototypes": 4}
    return {
        "architecture": "centers",
        "task": task,
        "params": {
            "seed": 1,
            "deterministic": True,
            "epochs": 1,
            "batch_size": BATCH,
            "cache_mb": 1024,
            "optimizer": "adam",
            "loss": "centers",
            "metrics": [],
            "early_stopping": stopping,
        },
        "tuning": {
            "tune": False,
            "max_trials": 1,
            "hyperparams": {name: {"default_value": value} for name, value in values.items()},
        },
        "output_paths": {
            "model": {
                "root": str(MODEL),
                "keras_model": f"{MODEL}/model.keras",
                "tflite_model": f"{MODEL}/model.tflite",
                "output_mapping": f"{MODEL}/output_mapping.json",
            },
            "training_metrics": f"training_metrics/{MODEL.name}",
        },
    }


def _write_scenes(side: int, count: int) -> None:
    """Write noise with a few bright squares on it, and what is there."""
    random = np.random.default_rng(0)
    images, annotations = [], []
    (RAW / "images").mkdir(parents=True)
    for number in range(1, count + 1):
        small = random.integers(0, 90, (side // 8, side // 8, 3)).astype(np.uint8)
        pixels = np.kron(small, np.ones((8, 8, 1), np.uint8))
        for quarter in range(4):
            length, shift = side // 4, random.integers(0, side // 4, 2).tolist()
            x, y = (one * side // 2 + by for one, by in zip(divmod(quarter, 2), shift, strict=True))
            pixels[y : y + length, x : x + length] = random.integers(150, 255, 3)
            corners = [x, y, x + length, y, x + length, y + length, x, y + length]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "iscrowd": 0, "area": length**2,
                 "category_id": int(random.integers(1, 4)), "bbox": [x, y, length, length],
                 "segmentation": [corners]}
            )  # fmt: skip
        Image.fromarray(pixels).save(RAW / f"images/{number}.png")
        images.append(
            {"id": number, "file_name": f"images/{number}.png", "width": side, "height": side}
        )
    categories = [{"id": number, "name": f"class {number}"} for number in (1, 2, 3)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    write_json(RAW / "annotations.json", document)


if __name__ == "__main__":
    main(*sys.argv[1:])
