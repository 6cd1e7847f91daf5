"""The search against a bare loop and against Optuna, and what it costs as it grows.

Run inside a generated project after `sh run.sh`, with its Python and Optuna added to it:
`.venv/bin/python PATH/TO/benchmarks/search_speed.py`. Results are printed, the project is left
as it was: every search runs in a copy.
"""

import contextlib
import gc
import io
import itertools
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import optuna
import psutil
from optuna.samplers import RandomSampler

from modelyard.config import Hyperparameters, Options, load_config
from modelyard.files import read_csv
from modelyard.search import monitor, report, search
from src.data.data_provider import DataProvider
from src.models import build_model
from src.tuner import KerasAdapter

TRIALS, EPOCHS, ROUNDS, LONG, MANY = 8, 10, 5, 50, 1000
FIXED = {
    "tuning.tune": True,
    "tuning.max_trials": TRIALS,
    "params.epochs": EPOCHS,
    "params.early_stopping.patience": EPOCHS,
}
STUB = """
from modelyard.adapter import AdapterModel

class Stub(AdapterModel):
    def train(self):
        pass

    def get_metrics(self):
        return {"val_loss": self.hp_values["learning_rate"] + self.hp_values["filters"]}
"""


def main() -> None:
    """Print a line a comparison."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with in_a_copy():
        against_bare_loop_and_optuna()
        memory()
        cost_of_many_trials()


def against_bare_loop_and_optuna() -> None:
    """Search, loop and study train the same models on the same data, in turn."""
    rows = searched({})
    values = [row_values(row) for row in rows]
    data = DataProvider(load_config())
    data.get_data()

    def loop() -> None:
        for hyperparameters in values:
            build_and_fit(data, hyperparameters)

    def study() -> None:
        rest = iter(values)

        def objective(trial: optuna.Trial) -> float:
            trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
            trial.suggest_int("filters", 16, 64, step=16)
            trial.suggest_categorical("hidden_units", [32, 64, 128])
            return build_and_fit(data, next(rest))  # the same models, or times do not compare

        optuna.create_study(sampler=RandomSampler(1)).optimize(objective, n_trials=TRIALS)

    sides: dict[str, Callable[[], object]] = {
        "search": lambda: searched({}),
        "bare loop": loop,
        "Optuna": study,
    }
    rounds = [{name: seconds(run) for name, run in sides.items()} for _ in range(ROUNDS + 1)][1:]
    for other in ("bare loop", "Optuna"):
        ratios = [times["search"] / times[other] for times in rounds]
        per_trial = statistics.median(times["search"] for times in rounds) / TRIALS
        print(f"search ({per_trial:.2f} s a trial) against {other}: {spread(ratios)}", flush=True)


def memory() -> None:
    """Print how much a process grows from the fifth trial to the last of many."""
    with watched(lambda: psutil.Process().memory_info().rss / 2**20) as sizes:
        searched({"tuning.max_trials": LONG, "params.epochs": 1})
    print(f"memory after 5 trials {sizes[4]:.0f} MB, after {LONG} {sizes[-1]:.0f} MB", flush=True)


def cost_of_many_trials() -> None:
    """Print milliseconds of a trial without training, early and late."""
    load_config().file.with_name("adapter.py").write_text(STUB)
    filters = {"tune": True, "param_type": "int", "min": 16, "max": 64}
    for oracle, many in {"random": MANY, "grid": MANY, "hyperband": MANY, "bayesian": 300}.items():
        with watched(time.perf_counter) as ends:
            searched(
                {
                    "tuning.max_trials": many,
                    "tuning.oracle": oracle,
                    "tuning.hyperparams.filters.tuning": filters,
                }
            )
        costs = [f"trial {n} {cost(ends, n):.1f} ms" for n in (10, 100, many) if n <= many]
        print(f"{oracle}: {', '.join(costs)}", flush=True)


@contextlib.contextmanager
def watched(measure: Callable[[], float]) -> Iterator[list[float]]:
    """Measure whenever a trial has ended."""
    found: list[float] = []
    line = report.progress_line

    def measured(*arguments: Any) -> str:
        found.append(measure())
        return line(*arguments)

    monitor.progress_line = measured
    try:
        yield found
    finally:
        monitor.progress_line = line


def searched(overrides: dict[str, Any]) -> list[dict[str, str]]:
    """Run a search from its beginning; return its trials."""
    shutil.rmtree(".checkpoints", ignore_errors=True)
    words = [f"{key}={json.dumps(value)}" for key, value in (FIXED | overrides).items()]
    options = Options("tune", overrides=words)
    with contextlib.redirect_stdout(io.StringIO()):
        search(options, KerasAdapter)
    return read_csv(options.config.output_paths.training_metrics / "trials.csv")


def row_values(row: dict[str, str]) -> Hyperparameters:
    """Return the hyperparameters of a row of trials.csv."""
    names = load_config().tuning.hyperparams
    number = {name: float(row[name]) for name in names}
    return Hyperparameters({n: int(v) if v >= 1 else v for n, v in number.items()})


def build_and_fit(data: DataProvider, hyperparameters: Hyperparameters) -> float:
    """Train as the search does, without what makes it a search; return the best loss."""
    config = load_config(None, FIXED)
    keras.utils.clear_session()
    keras.utils.set_random_seed(config.params.seed)
    model = build_model(config, hyperparameters, data.manifest.input_shape, len(data.classes))
    model.compile(
        keras.optimizers.Adam(hyperparameters["learning_rate"]),
        config.params.loss,
        metrics=list(config.params.metrics),
    )
    order = keras.callbacks.LambdaCallback(on_epoch_begin=lambda n, _: data.set_epoch(n))
    history = model.fit(
        data.train,
        shuffle=False,
        validation_data=data.validation,
        epochs=EPOCHS,
        callbacks=[order],
        verbose=0,
    )
    return float(min(history.history["val_loss"]))


@contextlib.contextmanager
def in_a_copy() -> Iterator[None]:
    """Work in a copy of the project."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "project")
        ignored = shutil.ignore_patterns(".venv", ".uv", ".git", ".checkpoints")
        shutil.copytree(Path.cwd(), copy, ignore=ignored)
        with contextlib.chdir(copy):
            yield


def seconds(run: Callable[[], object]) -> float:
    """Return how long a call takes."""
    gc.collect()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def cost(ends: list[float], position: int) -> float:
    """Return the median time of ten trials up to a position in milliseconds."""
    until = max(position, 11)
    return statistics.median(b - a for a, b in itertools.pairwise(ends[until - 11 : until])) * 1000


def spread(values: list[float]) -> str:
    """Return median, minimum and maximum."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    main()
