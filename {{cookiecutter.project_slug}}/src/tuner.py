"""The `tune` stage: choose the hyperparameters that `train` uses."""

import os
from collections.abc import Sequence

from .search.record import TrialResult
from .search.report import write_trials
from .search.search import Search
from .search.space import Space
from .utils.hyperparameters import Hyperparameters, hyperparameters_path, write_hyperparameters
from .utils.quiet import import_tensorflow
from .utils.schema import Config
from .utils.utils import UserError

PROTOCOL = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")
CHIEF = "chief"


def tune(
    config: Config, *, dry_run: bool = False, remote: bool = False, overrides: Sequence[str] = ()
) -> Hyperparameters | None:
    """Write hyperparameters.yaml and the tables of trials; return the values.

    `remote` makes this process the chief or a worker of a search over several machines, as
    KerasTuner's environment variables say; a worker writes and returns nothing.
    """
    if not config.tuning.tune:
        return _defaults(config, dry_run=dry_run)
    role = _role(remote=remote)
    search = Search(config)
    if dry_run:
        _check_only(search)
        return search.space.defaults
    if role == "worker":
        _run_worker(search)
        return None
    _run(search, remote=role == CHIEF, overrides=overrides)
    best = search.best()
    values = Hyperparameters({name: best.values[name] for name in config.tuning.hyperparams})
    _write(config, values, _origin(search, best))
    return values


def _defaults(config: Config, *, dry_run: bool) -> Hyperparameters:
    space = Space(config.tuning.hyperparams)
    if not dry_run:
        write_trials(config.output_paths.training_metrics, [], space)
        _write(config, space.defaults, "Default values of config.yaml: tuning.tune is false.")
    return space.defaults


def _run(search: Search, *, remote: bool, overrides: Sequence[str]) -> None:
    """Run what is left to try; a search that has ended needs no TensorFlow."""
    if search.ended:
        print(search.begin())
        return
    import_tensorflow()
    from .search.roles import run_here, run_remote_chief

    if remote:
        run_remote_chief(search)
    else:
        for name in PROTOCOL:  # they would make KerasTuner look for a chief
            os.environ.pop(name, None)
        config = ["--config", str(search.config.file)]
        run_here(search, ["tune", *config, "--remote", *overrides])


def _run_worker(search: Search) -> None:
    import_tensorflow()
    from .search.roles import run_worker

    run_worker(search)


def _check_only(search: Search) -> None:
    import_tensorflow()
    from .search.roles import check

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
            f"(missing: {', '.join(missing)}); `python -m ci.k8s` renders pods that have them, "
            "without --remote the search runs on this machine."
        )
    return CHIEF if os.environ[PROTOCOL[0]] == CHIEF else "worker"


def _write(config: Config, values: Hyperparameters, comment: str) -> None:
    write_hyperparameters(hyperparameters_path(config.output_paths.model.root), values, comment)


def _origin(search: Search, best: TrialResult) -> str:
    """Say which trial of which search the values come from."""
    results = search.results()
    failed = sum(result.score is None for result in results)
    metric = search.config.tuning.objective.metric
    return (
        f"Trial {best.number} of search {search.record.id}: {metric} {best.score:.6g}, "
        f"the best of {len(results)} trials ({failed} failed)."
    )
