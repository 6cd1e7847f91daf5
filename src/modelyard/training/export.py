"""Write a trained model in every form that others need, each file whole or not at all."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from modelyard.config.schema import Config
from modelyard.data.manifest import Manifest
from modelyard.files import whole_file, write_json, write_yaml
from modelyard.pipeline.artifacts import project_name
from modelyard.pipeline.identity import SOURCE
from modelyard.pipeline.provenance import git_commit, train_configuration
from modelyard.recipe.recipe import Recipe
from modelyard.saved.encoding import with_encoder
from modelyard.saved.exporting import export_forms
from modelyard.saved.rows import write_rows
from modelyard.tasks import Datasets, finished, task_of
from modelyard.tasks.batches import count
from modelyard.tasks.kinds import kind_of
from modelyard.tasks.outputs import described_output

from .backup import TrainingBackup

PREDICTIONS = "test_predictions.npy"


def export(model: keras.Model, data: Datasets, recipe: Recipe, backup: TrainingBackup) -> None:
    """Write descriptions first and `model.keras` last, so that it vouches for the others.

    Raises:
        UserError: a later training of the same model has taken over.
    """
    backup.check_owner()
    config, hyperparameters = recipe.config, recipe.hyperparameters
    paths, manifest = config.output_paths.model, recipe.manifest
    task, most = task_of(config), config.params.max_objects
    network = finished(task, recipe.kept(model), manifest, most)
    model = with_encoder(recipe.encoder, network)
    best = {name: value for name, value in backup.best_metrics.items() if name.startswith("val_")}
    write_json(paths.root / "val_metrics.json", best)
    _write_predictions(model, data, config)
    mapping = {str(label): name for label, name in enumerate(manifest.classes)}
    write_json(paths.output_mapping, mapping)
    write_yaml(paths.root / "hparams.yaml", hyperparameters)
    record = train_configuration(
        config.written, manifest.data_hash, hyperparameters, backup.started
    )
    record |= {"devices": recipe.usage.record()} if recipe.usage else {}
    write_yaml(paths.root / "train_configuration.yaml", record)
    write_yaml(paths.root / "predict_configuration.yaml", _predict_configuration(config, manifest))
    export_forms(network, config, lambda: _inputs(recipe, data))
    with whole_file(paths.keras_model) as temporary:
        model.save(temporary)
    backup.result = paths.keras_model


def _predict_configuration(config: Config, manifest: Manifest) -> dict[str, Any]:
    """Describe what the saved model takes and gives, for those who only predict."""
    trained_in = {"project": project_name(), "commit": git_commit()}
    return {
        "model": config.name,
        "module": f"{SOURCE}.models.{config.architecture}",
        "trained_in": {key: value for key, value in trained_in.items() if value},
        "task": config.task,
        "input": kind_of(manifest).described(),
        "output": described_output(manifest),
    }


def _write_predictions(model: keras.Model, data: Datasets, config: Config) -> None:
    """Write what this model, never saved, says of the test split: what is loaded must repeat it.

    Nothing is learnt from it; the labels of the test split are not looked at.
    """
    comparable = task_of(config).comparable
    batches = data.in_order("test").map(lambda inputs, _: inputs)
    outputs = (comparable(_predicted(model, inputs)) for inputs in batches)
    with whole_file(config.output_paths.model.root / PREDICTIONS) as temporary:
        write_rows(temporary, outputs)


def _predicted(model: keras.Model, inputs: Any) -> np.ndarray:
    """Return the outputs of a batch, once: `predict_on_batch` gives it whole to each device."""
    several = model.distribute_strategy.num_replicas_in_sync > 1
    outputs: np.ndarray = (
        model.predict(inputs, batch_size=count(inputs), verbose=0)
        if several
        else model.predict_on_batch(inputs)
    )
    return outputs


def _inputs(recipe: Recipe, data: Datasets) -> Iterator[Any]:
    """Yield what the network learned from in batches, in the order in which it was prepared."""
    batches = recipe.encoded(data.in_order("train"))
    return (keras.tree.map_structure(np.asarray, inputs) for inputs, _ in batches)
