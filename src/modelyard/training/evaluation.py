"""The `evaluate` stage: judge the saved files, not what training had in memory."""

import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from modelyard.config.data_section import SPLITS
from modelyard.config.hyperparameters import Hyperparameters, read_hyperparameters
from modelyard.config.measured import BATCH
from modelyard.config.schema import Config
from modelyard.data.manifest import read_manifest
from modelyard.errors import UserError
from modelyard.files import write_json
from modelyard.recipe.recipe import Recipe
from modelyard.saved.content import weights_id
from modelyard.saved.encoding import as_tensors, behind, encoder_of
from modelyard.saved.forms import FORMS, Form, NotRunError
from modelyard.saved.loading import load_intact
from modelyard.tasks import Datasets, Inputs, Judged, task_of
from modelyard.tasks.batches import count, picked

from .backup import BACKUPS
from .label_errors import write_label_errors
from .recorded import drop_recorded

LATENCY_RUNS = 50


def evaluate(config: Config, data: Datasets, *, dry_run: bool = False) -> dict[str, Any]:
    """Judge the saved files, not what training had in memory.

    Writes metrics.json, predictions.csv, label_errors.json and the task's own files below
    `training_metrics`.

    Returns:
        The metrics. A dry run judges one validation batch and writes nothing.
    """
    paths, task = config.output_paths, task_of(config)
    model = compiled(load_model(paths.model.keras_model), config)
    if dry_run:
        return {"validation": task.judge(model, data, "validation", 1)}
    drop_recorded(config, BACKUPS)
    encoder = encoder_of(model)
    exports = {form: behind(encoder, FORMS[form](path)) for form, path in config.exports.items()}
    metrics: dict[str, Any] = {split: task.judge(model, data, split) for split in SPLITS}
    predict: Form = lambda inputs: model.predict_on_batch(as_tensors(inputs))  # noqa: E731
    judged = Judged(config, data, predict)
    metrics["test"] |= task.details(judged)
    write_label_errors(judged)
    runs: dict[str, Form] = {"keras": predict}
    for form, exported in exports.items():
        try:
            metrics[form] = task.compare(judged, exported)
            runs[form] = exported
        except NotRunError as error:
            metrics[form] = {"not_run": str(error)}
    metrics["latency_ms"] = _latencies(runs, next(judged.inputs()))
    metrics["size_bytes"] = {
        form: paths.model.form(form).stat().st_size for form in ("keras", *exports)
    }
    metrics["weights"] = weights_id(paths.model.keras_model)
    write_json(paths.training_metrics / "metrics.json", metrics)
    return metrics


def compiled(model: keras.Model, config: Config) -> keras.Model:
    """Return a loaded model that can be judged by loss and metrics as training was."""
    if not task_of(config).LOSSES:  # else it is judged by the objects that it finds
        values = _trained_with(config)
        tuned = config.tuned(values)
        recipe = Recipe(tuned, values, read_manifest(config.input_paths.data))
        model.compile(loss=recipe.loss(), metrics=recipe.judging_metrics())
    return model


def _trained_with(config: Config) -> Hyperparameters:
    """Return the hyperparameters that lie beside the saved model."""
    path = config.output_paths.model.root / "hparams.yaml"
    return read_hyperparameters(path) if path.is_file() else Hyperparameters()


def load_model(path: Path) -> keras.Model:
    """Load a saved model, with a clear error when there is none."""
    if not path.is_file():
        raise UserError(f"{path} does not exist; train it first with `dvc repro`.")
    return load_intact(path)


def _latencies(runs: Mapping[str, Form], inputs: Inputs) -> dict[str, float]:
    """Return the median time for one example and for a batch in milliseconds, on this machine."""
    one, batch = picked(inputs, slice(1)), picked(inputs, np.arange(BATCH) % count(inputs))
    single = {form: _median_ms(run, one) for form, run in runs.items()}
    many = {f"{form}_batch_{BATCH}": _median_ms(run, batch) for form, run in runs.items()}
    return single | many


def _median_ms(run: Form, inputs: Inputs) -> float:
    times = []
    for _ in range(LATENCY_RUNS):
        start = time.perf_counter()
        run(inputs)
        times.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(times), 3)
