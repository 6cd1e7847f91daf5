"""The stages `train` and `evaluate` of a model that brings an adapter of its own."""

from collections.abc import Callable

from modelyard.config import Options
from modelyard.config.data_section import Split
from modelyard.data.manifest import read_manifest
from modelyard.files import write_json, write_yaml
from modelyard.pipeline.provenance import train_configuration, utc_now

from . import AdapterModel, ModelSpecs, checked_metrics, run_steps
from .description import predict_configuration
from .listed import check_listed
from .loading import adapter_class

Stage = Callable[[Options], None]


def own_stage(options: Options, stage: Stage) -> Stage:
    """Return what runs a stage: the model's own adapter.py, or what the project hands over."""
    if options.stage not in OWN or options.config.adapter is None:
        return stage
    return OWN[options.stage]


def train(options: Options) -> None:
    """Run all steps, write what describes the model, and what the adapter's `save` writes.

    Metrics are those of the validation split. A dry run ends after `build` and writes nothing.

    Raises:
        UserError: no usable adapter, metrics that are not numbers, unprepared data.
    """
    config = options.config
    started, manifest = utc_now(), read_manifest(config.input_paths.data)
    adapter = _adapter(options, "validation")
    if options.dry_run:
        run_steps(adapter, until="build")
        return
    run_steps(adapter)
    metrics = checked_metrics(adapter.get_metrics(), config)
    root = config.output_paths.model.root
    record = train_configuration(config, manifest.data_hash, options.hyperparameters, started)
    write_yaml(root / "train_configuration.yaml", record)
    about = predict_configuration(config, manifest, type(adapter))
    write_yaml(root / "predict_configuration.yaml", about)
    adapter.save(root)
    options.report(metrics)


def evaluate(options: Options) -> None:
    """Judge the saved model on the test split; write metrics.json, unless it is a dry run.

    A new adapter runs the steps before `build`, then `load` and `get_metrics`.
    """
    config = options.config
    adapter = _adapter(options, "test")
    run_steps(adapter, until="preprocess")
    adapter.load(config.output_paths.model.root)
    metrics = {"test": checked_metrics(adapter.get_metrics(), config)}
    if not options.dry_run:
        write_json(config.output_paths.training_metrics / "metrics.json", metrics)
    options.report(metrics)


def _adapter(options: Options, split: Split) -> AdapterModel:
    config, params = options.config, options.config.params
    check_listed(config, options.stage)
    specs = ModelSpecs(config, params.seed, params.epochs, verbose=True, split=split)
    return adapter_class(config)(specs, options.hyperparameters)


OWN: dict[str, Stage] = {"train": train, "evaluate": evaluate}
