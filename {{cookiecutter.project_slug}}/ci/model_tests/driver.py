"""What a test's own process runs: a training, the predictions of what was saved, or a command.

Started as a file, with a package by name: `src` of the checkout, or the one that was published.
So it imports nothing of `ci`, and nothing at all before its guard is up.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH = 32
CODE = "code.json"


def guard() -> None:
    """End this process and all that it started as soon as the one that waits for it is gone."""

    def watch() -> None:
        # Nothing is ever written: it ends when the other side does, whatever ended that.
        os.read(0, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def train(package: str, config: str) -> int:
    """Run the stages tune, train and evaluate; say in code.json which code that was."""
    run = importlib.import_module(f"{package}.run")
    provenance = importlib.import_module(f"{package}.utils.provenance")
    code = {"folder": str(Path(run.__file__ or "").parent), "hash": provenance.code_hash()}
    Path(CODE).write_text(json.dumps(code), encoding="utf-8")
    for stage in ("tune", "train", "evaluate"):
        print(f"# {stage}", flush=True)
        if status := run.main([stage, "--config", config]):
            return int(status)
    return 0


def run(*command: str) -> int:
    """Run a program that knows nothing of the guard."""
    return subprocess.call(command, stdin=subprocess.DEVNULL)


def predict(package: str, folder: str, images: str, into: str, *forms: str) -> int:
    """Predict all images with every form of a saved model; write FORM.npy or FORM.txt, why not.

    `folder` has the model's predict_configuration.yaml, `forms` are FORM=FILE, as keras=a.keras.
    """
    import_module = importlib.import_module
    import_module(f"{package}.utils.quiet").import_tensorflow()
    import numpy as np

    about = import_module(f"{package}.utils.utils").read_yaml(
        Path(folder, "predict_configuration.yaml")
    )
    comparable = import_module(f"{package}.tasks").load_task(about["task"]).comparable
    inputs = np.load(images, mmap_mode="r")
    for form, _, file in (one.partition("=") for one in forms):
        print(f"# {form}", flush=True)
        try:
            model = LOADERS[form](package, Path(file))
            batches = (inputs[at : at + BATCH] for at in range(0, len(inputs), BATCH))
            found = np.concatenate([comparable(np.asarray(model(batch))) for batch in batches])
            np.save(Path(into, f"{form}.npy"), found.astype(np.float32))
        except Exception as error:
            traceback.print_exc()
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            Path(into, f"{form}.txt").write_text(reason, encoding="utf-8")
    return 0


def _by_keras(_: str, file: Path) -> Callable[[Any], Any]:
    import keras

    predict: Callable[[Any], Any] = keras.models.load_model(file).predict_on_batch
    return predict


def _by_tflite(package: str, file: Path) -> Callable[[Any], Any]:
    model: Callable[[Any], Any] = importlib.import_module(f"{package}.utils.lite").LiteModel(file)
    return model


def _by_onnx(_: str, file: Path) -> Callable[[Any], Any]:
    session = importlib.import_module("onnxruntime").InferenceSession(file)
    [first, *_] = session.get_inputs()
    # A graph says itself whether it takes bytes, as the other forms do, or floats.
    kind = "uint8" if first.type == "tensor(uint8)" else "float32"
    return lambda batch: session.run(None, {first.name: batch.astype(kind)})[0]


LOADERS = {"keras": _by_keras, "tflite": _by_tflite, "onnx": _by_onnx}


if __name__ == "__main__":
    guard()
    tasks: dict[str, Callable[..., int]] = {"train": train, "predict": predict, "run": run}
    sys.exit(tasks[sys.argv[1]](*sys.argv[2:]))
