"""Who runs the trials of a search: this process alone, workers it starts, or other machines."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf
from keras_tuner.errors import FatalError

from modelyard.adapter import ModelSpecs, run_steps
from modelyard.damage import WRONG, drop, why
from modelyard.errors import UserError
from modelyard.training.names import check_reported

from .chief import Chief
from .intact import AGAIN, ORACLE, forget, forget_damaged
from .internals import stub
from .loop import SearchTuner
from .monitor import Monitor
from .oracle import SearchOracle
from .oracles import ORACLES
from .state import Search
from .worker import Pulse, connection, end_with_chief, wait_for_chief
from .workers import HOST, Workers, command, shares


def check(search: Search) -> None:
    """Build the model with the defaults: mistakes show before the first trial, not in each.

    Raises:
        UserError: what cannot be built, or an objective that the model does not report.
    """
    config = search.config
    specs = ModelSpecs(config, config.params.seed, config.params.epochs)
    adapter = search.adapter(specs, search.space.defaults)
    run_steps(adapter, until="build")
    reported = adapter.reported()
    wanted = {"objective": config.tuning.objective, "early_stopping": config.tuning.early_stopping}
    for key, monitored in wanted.items():
        if reported is not None and monitored is not None:
            check_reported(config.file, f"tuning.{key}.metric", monitored.metric, reported)


def run_here(search: Search, arguments: Sequence[str]) -> None:
    """Run all trials on this machine, as many at once as configured and as it has room for.

    `arguments` start a worker: the module that runs the stages, and its command line.
    """
    most = search.config.tuning.max_instances_at_once
    parts = shares(most, gpus(), os.cpu_count() or 1) if most > 1 else [{}]
    if len(parts) < most:
        print(f"This machine has room for {len(parts)} trials at once, not {most}.", flush=True)
    if len(parts) == 1:
        _run_alone(search)
        return
    with _chief(search, len(parts)) as chief, chief.serving(HOST, 0) as port:
        workers = Workers(chief, command(arguments), search.record.path / "workers")
        try:
            workers.start(parts, port)
            workers.wait()
        finally:
            workers.end()


def run_remote_chief(search: Search) -> None:
    """Answer workers on other machines until the search is over."""
    at_once = search.config.tuning.max_instances_at_once
    host, port = os.environ["KERASTUNER_ORACLE_IP"], int(os.environ["KERASTUNER_ORACLE_PORT"])
    with _chief(search, at_once) as chief, chief.serving(host, port):
        print(f"The chief answers at {host}:{port}.", flush=True)
        chief.wait()


def run_worker(search: Search) -> None:
    """Run the trials that a chief gives this process."""
    end_with_chief()
    if not wait_for_chief(lambda: search.ended):
        return
    search.record.check_current()
    pulse = Pulse(lambda: search.ended)
    tuner = SearchTuner(search, _new_oracle(search), pulse)
    tuner.oracle.stub = stub(connection())
    _search(tuner)


def gpus() -> list[str]:
    """Return the GPUs as CUDA_VISIBLE_DEVICES names them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name for name in chosen.split(",") if name and name != "-1"]
    return [str(i) for i, _ in enumerate(tf.config.list_physical_devices("GPU"))]


def _run_alone(search: Search) -> None:
    check(search)
    with _begun(search, 1) as oracle:
        _search(SearchTuner(search, oracle))


@contextmanager
def _chief(search: Search, at_once: int) -> Iterator[Chief]:
    tf.config.set_visible_devices([], "GPU")  # they belong to the workers
    check(search)
    with _begun(search, at_once) as oracle:
        yield Chief(oracle, search)


def _search(tuner: SearchTuner) -> None:
    gc.freeze()  # Keras collects before each model, and must not walk through all of TensorFlow
    try:
        tuner.search()
    except FatalError as error:
        raise UserError(str(error)) from None
    finally:
        gc.unfreeze()


def _new_oracle(search: Search) -> SearchOracle:
    return ORACLES[search.config.tuning.oracle](search.space, search.config)


def _opened(search: Search) -> SearchOracle:
    """Return the oracle as it was; a new one, with a word, where its state cannot be used."""
    record = search.record
    forget_damaged(record.path)
    results = record.results(search.config.tuning.max_trials)
    try:
        oracle = _new_oracle(search)
        oracle.open(record.model_folder, record.id, results)
    except (RuntimeError, *WRONG) as error:
        drop(record.path / ORACLE, why(error), AGAIN)
        forget(record.path)
        oracle = _new_oracle(search)
        oracle.open(record.model_folder, record.id, results)
    return oracle


@contextmanager
def _begun(search: Search, at_once: int) -> Iterator[SearchOracle]:
    """Begin the search: yield its oracle, continued from disk and watched while the block runs."""
    print(search.begin(), flush=True)
    oracle = _opened(search)
    with Monitor(search, oracle, at_once):
        yield oracle
