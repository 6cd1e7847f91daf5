"""What a test's own process runs: a training, the predictions of what was saved, or a command.

Started as a file, with the package to train by name: `src` of the checkout, or the one that was
published, which brings an engine of its own. So nothing is imported before the guard is up.
"""

import importlib
import json
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


def train(package: str, config: str, without_gpu: str = "") -> int:
    """Run the stages tune, train and evaluate; say in code.json which code that was.

    `without_gpu` is the mistake that it is if TensorFlow finds no GPU; empty where none is needed.
    """
    run = importlib.import_module(f"{package}.run")
    if without_gpu and not _finds_gpu():
        print(f"error: {without_gpu}.", flush=True)
        return 1
    from modelyard.pipeline.identity import code_hash

    code = {"folder": str(Path(run.__file__ or "").parent), "hash": code_hash()}
    Path(CODE).write_text(json.dumps(code), encoding="utf-8")
    for stage in ("tune", "train", "evaluate"):
        print(f"# {stage}", flush=True)
        if status := run.main([stage, "--config", config]):
            return int(status)
    return 0


def _finds_gpu() -> bool:
    from modelyard.config.project import source_folder
    from modelyard.startup import import_tensorflow

    import_tensorflow(source_folder())
    import tensorflow

    return bool(tensorflow.config.list_physical_devices("GPU"))


def run(*command: str) -> int:
    """Run a program that knows nothing of the guard."""
    return subprocess.call(command, stdin=subprocess.DEVNULL)


def predict(package: str, folder: str, data: str, into: str, *forms: str) -> int:
    """Predict the test split with every form of a saved model; write FORM.npy or FORM.txt, why not.

    `package` may have layers of its own, `folder` has the model's predict_configuration.yaml,
    `data` is the prepared data, `forms` are FORM=FILE, as keras=a.keras, which is the first; then
    perturbations of the images by which the first is judged, as blur=1.5: perturbed.json.
    """
    importlib.import_module(f"{package}.run")
    from modelyard.config.project import source_folder
    from modelyard.startup import import_tensorflow

    import_tensorflow(source_folder())
    import numpy as np

    from modelyard.files import read_yaml
    from modelyard.saved.encoding import as_tensors, behind, encoder_of
    from modelyard.tasks import told_by

    about = read_yaml(Path(folder, "predict_configuration.yaml"))
    comparable, encoder, predictors = told_by(about).comparable, None, {}
    pairs = [one.partition("=")[::2] for one in forms]
    for form, file in [pair for pair in pairs if pair[0] in LOADERS]:
        print(f"# {form}", flush=True)
        try:
            model = LOADERS[form](Path(file))
            encoder = encoder_of(model) if form == "keras" else encoder
            run = model.predict_on_batch if form == "keras" else behind(encoder, model)
            found = (comparable(np.asarray(run(as_tensors(one)))) for one in _batches(Path(data)))
            _write(Path(into, f"{form}.npy"), found)
            predictors[form] = run
        except Exception as error:
            Path(into, f"{form}.npy").unlink(missing_ok=True)
            _explain(error, Path(into, f"{form}.txt"))
    amounts = {name: float(amount) for name, amount in pairs if name not in LOADERS}
    if amounts and "keras" in predictors:
        _perturb(Path(data), predictors["keras"], amounts, Path(into, "perturbed.json"))
    return 0


def _perturb(data: Path, model: Any, amounts: dict[str, float], file: Path) -> None:
    """Judge a model on perturbed images; write the metrics, or why there are none."""
    print("# perturbed", flush=True)
    try:
        from modelyard.model_tests.perturbing import scores  # which older engines lack

        file.write_text(json.dumps(scores(data, model, amounts)), encoding="utf-8")
    except Exception as error:
        _explain(error, file.with_suffix(".txt"))


def _explain(error: Exception, file: Path) -> None:
    """Write in one line why there is nothing; the log has the whole of it."""
    traceback.print_exc()
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    file.write_text(reason, encoding="utf-8")


def _batches(folder: Path) -> Iterator[Any]:
    """Yield what the test split has, batch by batch: an array, or arrays by name."""
    import numpy as np

    from modelyard.data import open_array, read_manifest

    manifest = read_manifest(folder)
    arrays = {name: open_array(folder, "test", name) for name in manifest.inputs}
    count = manifest.size("test")
    for at in range(0, count, BATCH):
        positions = np.arange(at, min(count, at + BATCH))
        batch = {name: rows[positions] for name, rows in arrays.items()}
        yield batch if len(batch) > 1 else next(iter(batch.values()))


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


def _by_keras(file: Path) -> Any:
    return _engine("load_saved", "saved.loading", "training.saved")(file)


def _by_tflite(file: Path) -> Any:
    model: Any = _engine("LiteModel", "saved.lite", "lite")(file)
    return model


def _by_onnx(file: Path) -> Any:
    model: Any = _engine("OnnxModel", "saved.onnx")(file)
    return model


LOADERS = {"keras": _by_keras, "tflite": _by_tflite, "onnx": _by_onnx}


if __name__ == "__main__":
    guard()
    tasks: dict[str, Callable[..., int]] = {"train": train, "predict": predict, "run": run}
    sys.exit(tasks[sys.argv[1]](*sys.argv[2:]))
