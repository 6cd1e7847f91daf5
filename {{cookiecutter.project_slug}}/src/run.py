"""The command line: one stage of the pipeline a command, `python -m src.run STAGE`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from .utils.config import check_all, load_config, load_project, parse_overrides
from .utils.hyperparameters import chosen_hyperparameters
from .utils.manifest import SPLITS, read_manifest
from .utils.quiet import import_tensorflow
from .utils.schema import Config
from .utils.utils import UserError, flat

STAGES = {
    "check": "validate every configuration file and print the model that run.sh trains",
    "prepare": "raw images and annotations to data/processed",
    "tune": "choose the hyperparameters",
    "train": "train, save and export the model",
    "evaluate": "judge the saved model",
    "summary": "all models' results, best first",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; return 0, or 1 after one sentence on what to mend."""
    options = _parser().parse_intermixed_args(arguments)
    try:
        run(options)
    except UserError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(
            f"error: the package {error.name!r} is not installed in this environment "
            f"({sys.prefix}); run `sh setup.sh`, then use .venv.",
            file=sys.stderr,
        )
        return 1
    return 0


def run(options: argparse.Namespace) -> None:
    """Run one stage.

    What only one stage needs is imported there: a stage costs, and depends on, what it imports.
    """
    stage, dry_run = options.stage, options.dry_run
    overrides = parse_overrides(options.overrides)
    if options.remote and stage != "tune":
        raise UserError(f"command line: --remote belongs to tune, not to {stage}.")
    if stage == "check":
        check_all()
        print(load_config(options.config, overrides).name)
    elif stage == "prepare":
        _prepare(overrides, dry_run=dry_run)
    elif stage == "summary":
        _summary(overrides, dry_run=dry_run)
    elif stage == "tune":
        _tune(load_config(options.config, overrides), options)
    else:
        config = load_config(options.config, overrides)
        {"train": _train, "evaluate": _evaluate}[stage](config, dry_run=dry_run)


def _prepare(overrides: dict[str, Any], *, dry_run: bool) -> None:
    from .data.prepare import prepare

    config = load_project(overrides).data
    counts = prepare(config, dry_run=dry_run)
    print(f"{config.processed}: " + ", ".join(f"{n} {split}" for split, n in counts.items()))


def _summary(overrides: dict[str, Any], *, dry_run: bool) -> None:
    from .summary import print_table, summarize

    print_table(summarize(load_project(overrides).summary, dry_run=dry_run))


def _tune(config: Config, options: argparse.Namespace) -> None:
    from .tuner import tune

    values = tune(
        config, dry_run=options.dry_run, remote=options.remote, overrides=options.overrides
    )
    if values:
        print(", ".join(f"{name}={value}" for name, value in values.items()))


def _train(config: Config, *, dry_run: bool) -> None:
    if _brings_adapter(config):
        from .adapter_stages import train

        print(_line(train(config, dry_run=dry_run)))
        return
    read_manifest(config.input_paths.data).check_batch_size(config)
    hyperparameters = chosen_hyperparameters(config)
    import_tensorflow()
    from .data.data_provider import DataProvider
    from .trainer import ModelTrainer

    data = DataProvider(config)
    data.get_data()
    trainer = ModelTrainer(config, hyperparameters)
    if dry_run:
        trainer.check(data)
        trainer.model.summary()
        return
    trainer.train(data)
    trainer.save()
    print(_line(trainer.get_metrics()))


def _evaluate(config: Config, *, dry_run: bool) -> None:
    if _brings_adapter(config):
        from .adapter_stages import evaluate
    else:
        import_tensorflow()
        from .evaluation import evaluate
    metrics = evaluate(config, dry_run=dry_run)
    for split in [split for split in SPLITS if split in metrics]:
        print(f"{split}: {_line(metrics[split])}")


def _brings_adapter(config: Config) -> bool:
    """Say whether the model has an adapter.py; src/adapter.py itself need not be loaded for it."""
    return config.file.with_name("adapter.py").is_file()


def _line(metrics: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4f}" for name, value in flat(metrics) if isinstance(value, float)
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m src.run",
        description=__doc__,
        epilog="stages: " + "; ".join(f"{name}: {text}" for name, text in STAGES.items()),
    )
    parser.add_argument("stage", choices=STAGES, metavar="{" + ",".join(STAGES) + "}")
    parser.add_argument("--config", type=Path, help="models/<model>/config.yaml")
    parser.add_argument("--dry-run", action="store_true", help="run a batch, write nothing")
    parser.add_argument(
        "--remote", action="store_true", help="tune: be a chief or worker of several machines"
    )
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="beats the files' values")
    return parser


if __name__ == "__main__":
    sys.exit(main())
