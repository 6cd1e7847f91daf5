"""The search as the `tune` stage sees it: choose the hyperparameters that `train` uses."""

import os
from collections.abc import Sequence

from modelyard.adapter import AdapterModel
from modelyard.config import Config, Hyperparameters, Options
from modelyard.config.hyperparameters import hyperparameters_path, write_hyperparameters
from modelyard.config.project import source_folder
from modelyard.errors import UserError
from modelyard.startup import import_tensorflow

from .record import TrialResult
from .report import write_trials
from .space import Space
from .state import Search

PROTOCOL = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")
CHIEF = "chief"


def search(options: Options, adapter: type[AdapterModel]) -> None:
    """Do what `tuning` in a model's configuration says; print and write the chosen values.

    Writes hyperparameters.yaml and the tables of trials. `--remote` makes this process the chief or
    a worker of a search over several machines, as KerasTuner's environment variables say; a worker
    writes nothing.

    Args:
        options: the command line of the stage.
        adapter: trains one trial, unless the model brings an adapter.py.
    """
    values = _chosen(options, adapter)
    if values:
        print(", ".join(f"{name}={value}" for name, value in values.items()))


def _chosen(options: Options, adapter: type[AdapterModel]) -> Hyperparameters | None:
    config = options.config
    if not config.tuning.tune:
        return _defaults(config, dry_run=options.dry_run)
    role = _role(remote=options.remote)
    search = Search(config, adapter)
    if options.dry_run:
        _check_only(search)
        return search.space.defaults
    if role == "worker":
        _run_worker(search)
        return None
    _run(search, options, remote=role == CHIEF)
    results = search.results()
    search.write_tables(results)
    best = search.best(results)
    search.record.drop_other_backups()
    values = Hyperparameters({name: best.values[name] for name in config.tuning.hyperparams})
    _write(config, values, _origin(search, best, results))
    return values


def _defaults(config: Config, *, dry_run: bool) -> Hyperparameters:
    space = Space(config.tuning.hyperparams)
    if not dry_run:
        write_trials(config.output_paths.training_metrics, [], space)
        _write(config, space.defaults, "Default values of config.yaml: tuning.tune is false.")
    return space.defaults


def _run(search: Search, options: Options, *, remote: bool) -> None:
    """Run what is left to try; a search that has ended needs no TensorFlow."""
    if search.ended:
        print(search.begin())
        return
    import_tensorflow(source_folder())
    from .roles import run_here, run_remote_chief

    if remote:
        run_remote_chief(search)
    else:
        for name in PROTOCOL:  # they would make KerasTuner look for a chief
            os.environ.pop(name, None)
        config = ["--config", str(search.config.file)]
        run_here(search, [options.module, "tune", *config, "--remote", *options.overrides])


def _run_worker(search: Search) -> None:
    import_tensorflow(source_folder())
    from .roles import run_worker

    run_worker(search)


def _check_only(search: Search) -> None:
    import_tensorflow(source_folder())
    from .roles import check

    check(search)


def _role(*, remote: bool) -> str | None:
    """Return chief, worker, or None for a search on this machine.

    Raises:
        UserError: a variable of KerasTuner's protocol is missing.
    """
    if not remote:
        return None
    missing = [name for name in PROTOCOL if not os.environ.get(name)]
    if missing:
        raise UserError(
            f"tune --remote needs the environment variables {', '.join(PROTOCOL)} "
            f"(missing: {', '.join(missing)}); `modelyard k8s` renders pods that have them, "
            "without --remote the search runs on this machine."
        )
    return CHIEF if os.environ[PROTOCOL[0]] == CHIEF else "worker"


def _write(config: Config, values: Hyperparameters, comment: str) -> None:
    write_hyperparameters(hyperparameters_path(config.output_paths.model.root), values, comment)


def _origin(search: Search, best: TrialResult, results: Sequence[TrialResult]) -> str:
    """Say which trial of which search the values come from."""
    failed = sum(result.score is None for result in results)
    metric = search.config.tuning.objective.metric
    pruned = sum(result.status == "pruned" for result in results)
    ended = f"{failed} failed, {pruned} pruned" if pruned else f"{failed} failed"
    return (
        f"Trial {best.number} of search {search.record.id}: {metric} {best.score:.6g}, "
        f"the best of {len(results)} trials ({ended})."
    )
