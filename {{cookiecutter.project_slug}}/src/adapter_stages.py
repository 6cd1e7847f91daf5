"""The stages `train` and `evaluate` of a model that brings an adapter of its own."""

from typing import Any

from .adapter import AdapterModel, ModelSpecs, adapter_class, checked_metrics, run_steps
from .utils.hyperparameters import chosen_hyperparameters
from .utils.manifest import read_manifest
from .utils.provenance import train_configuration, utc_now
from .utils.schema import Config
from .utils.utils import write_json, write_yaml


def train(config: Config, *, dry_run: bool = False) -> dict[str, float]:
    """Run all steps, write train_configuration.yaml and what the adapter's `save` writes.

    Returns:
        The metrics on the validation split. A dry run ends after `build` and writes nothing.

    Raises:
        UserError: no usable adapter, metrics that are no numbers, unprepared data.
    """
    started, manifest = utc_now(), read_manifest(config.input_paths.data)
    adapter = _adapter(config, "validation")
    if dry_run:
        run_steps(adapter, until="build")
        return {}
    run_steps(adapter)
    metrics = checked_metrics(adapter.get_metrics(), config)
    root, values = config.output_paths.model.root, chosen_hyperparameters(config)
    record = train_configuration(config, manifest, values, started)
    write_yaml(root / "train_configuration.yaml", record)
    adapter.save(root)
    return metrics


def evaluate(config: Config, *, dry_run: bool = False) -> dict[str, Any]:
    """Judge the saved model on the test split; write metrics.json, unless it is a dry run.

    A new adapter runs the steps before `build`, then `load` and `get_metrics`.
    """
    adapter = _adapter(config, "test")
    run_steps(adapter, until="preprocess")
    adapter.load(config.output_paths.model.root)
    metrics = {"test": checked_metrics(adapter.get_metrics(), config)}
    if not dry_run:
        write_json(config.output_paths.training_metrics / "metrics.json", metrics)
    return metrics


def _adapter(config: Config, split: str) -> AdapterModel:
    params = config.params
    specs = ModelSpecs(config, params.seed, params.epochs, verbose=True, split=split)
    return adapter_class(config)(specs, chosen_hyperparameters(config))
