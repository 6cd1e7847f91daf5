"""What a test's own process runs: a training, the predictions of what was saved, or a command.

Started as a file, with the package to train by name: `src` of the checkout, or the one that was
published, which brings an engine of its own. So nothing is imported before the guard is up.
"""

import importlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
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
    from modelyard.pipeline.identity import code_hash

    code = {"folder": str(Path(run.__file__ or "").parent), "hash": code_hash()}
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

    `package` may have layers of its own, `folder` has the model's predict_configuration.yaml,
    `forms` are FORM=FILE, as keras=a.keras.
    """
    importlib.import_module(f"{package}.run")
    from modelyard.config.project import source_folder
    from modelyard.startup import import_tensorflow

    import_tensorflow(source_folder())
    import numpy as np

    from modelyard.files import read_yaml
    from modelyard.tasks import load_task

    about = read_yaml(Path(folder, "predict_configuration.yaml"))
    comparable = load_task(about["task"]).comparable
    for form, _, file in (one.partition("=") for one in forms):
        print(f"# {form}", flush=True)
        try:
            model = LOADERS[form](Path(file))
            found = (comparable(np.asarray(model(batch))) for batch in _batches(Path(images)))
            _write(Path(into, f"{form}.npy"), found)
        except Exception as error:
            traceback.print_exc()
            Path(into, f"{form}.npy").unlink(missing_ok=True)
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            Path(into, f"{form}.txt").write_text(reason, encoding="utf-8")
    return 0


def _batches(path: Path) -> Iterator[Any]:
    """Yield the rows of a `.npy`, batch by batch; a mapped file would stay in memory."""
    import numpy as np

    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        (count, *row), _, kind = np.lib.format.read_array_header_1_0(file)
        for at in range(0, count, BATCH):
            shape = (min(BATCH, count - at), *row)
            yield np.fromfile(file, kind, math.prod(shape)).reshape(shape)


def _write(path: Path, batches: Iterable[Any]) -> None:
    """Write as `write_rows` of modelyard.saved.rows does, which older engines lack."""
    import numpy as np

    header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": (0,)}
    with path.open("wb") as file:
        for batch in batches:
            if not file.tell():
                header["shape"] = (0, *batch.shape[1:])
                np.lib.format.write_array_header_1_0(file, header)
            file.write(np.ascontiguousarray(batch, np.float32).tobytes())
            header["shape"] = (header["shape"][0] + len(batch), *batch.shape[1:])
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, header)


def _engine(name: str, *modules: str) -> Any:
    """Return what the environment's engine has in the first of some modules: older ones differ."""
    for module in modules:
        if find_spec(f"modelyard.{module.partition('.')[0]}"):
            return getattr(importlib.import_module(f"modelyard.{module}"), name)
    raise ModuleNotFoundError(f"this engine has no {name}")


def _by_keras(file: Path) -> Callable[[Any], Any]:
    predict: Callable[[Any], Any]
    predict = _engine("load_saved", "saved.loading", "training.saved")(file).predict_on_batch
    return predict


def _by_tflite(file: Path) -> Callable[[Any], Any]:
    model: Callable[[Any], Any] = _engine("LiteModel", "saved.lite", "lite")(file)
    return model


def _by_onnx(file: Path) -> Callable[[Any], Any]:
    model: Callable[[Any], Any] = _engine("OnnxModel", "saved.onnx")(file)
    return model


LOADERS = {"keras": _by_keras, "tflite": _by_tflite, "onnx": _by_onnx}


if __name__ == "__main__":
    guard()
    tasks: dict[str, Callable[..., int]] = {"train": train, "predict": predict, "run": run}
    sys.exit(tasks[sys.argv[1]](*sys.argv[2:]))
