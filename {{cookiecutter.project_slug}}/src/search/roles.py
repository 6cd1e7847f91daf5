"""Who runs the trials of a search: this process alone, workers it starts, or other machines."""

import gc
import os
from collections.abc import Sequence

import tensorflow as tf
from keras_tuner.errors import FatalError
from keras_tuner.src import protos

from ..adapter import ModelSpecs, adapter_class, run_steps
from ..utils.names import check_reported
from ..utils.utils import UserError
from .chief import Chief
from .loop import SearchTuner
from .monitor import Monitor
from .oracle import SearchOracle
from .oracles import ORACLES
from .search import Search
from .worker import Pulse, connection, end_with_chief, wait_for_chief
from .workers import HOST, Workers, command, shares


def check(search: Search) -> None:
    """Build the model with the defaults: mistakes show before the first trial, not in each.

    Raises:
        UserError: what cannot be built, or an objective that the model does not report.
    """
    config = search.config
    specs = ModelSpecs(config, config.params.seed, config.params.epochs)
    adapter = adapter_class(config)(specs, search.space.defaults)
    run_steps(adapter, until="build")
    reported = adapter.reported()
    wanted = {"objective": config.tuning.objective, "early_stopping": config.tuning.early_stopping}
    for key, monitored in wanted.items():
        if reported is not None and monitored is not None:
            check_reported(config.file, f"tuning.{key}.metric", monitored.metric, reported)


def run_here(search: Search, arguments: Sequence[str]) -> None:
    """Run all trials on this machine, as many at once as configured and as it has room for."""
    most = search.config.tuning.max_instances_at_once
    parts = shares(most, gpus(), os.cpu_count() or 1) if most > 1 else [{}]
    if len(parts) < most:
        print(f"This machine has room for {len(parts)} trials at once, not {most}.", flush=True)
    if len(parts) == 1:
        _run_alone(search)
        return
    chief = _chief(search, len(parts))
    with chief.serving(HOST, 0) as port:
        workers = Workers(chief, command(arguments), search.record.path / "workers")
        try:
            workers.start(parts, port)
            workers.wait()
        finally:
            workers.end()


def run_remote_chief(search: Search) -> None:
    """Answer workers on other machines until the search is over."""
    chief = _chief(search, search.config.tuning.max_instances_at_once)
    host, port = os.environ["KERASTUNER_ORACLE_IP"], int(os.environ["KERASTUNER_ORACLE_PORT"])
    with chief.serving(host, port):
        print(f"The chief answers at {host}:{port}.", flush=True)
        chief.wait()


def run_worker(search: Search) -> None:
    """Run the trials that a chief gives this process."""
    end_with_chief()
    if not wait_for_chief(lambda: search.ended):
        return
    search.record.check_current()
    pulse = Pulse(lambda: search.ended)
    tuner = SearchTuner(search.config, search.record, _new_oracle(search), pulse)
    tuner.oracle.stub = protos.get_service_grpc().OracleStub(connection())
    _search(tuner)


def gpus() -> list[str]:
    """Return the GPUs as CUDA_VISIBLE_DEVICES names them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name for name in chosen.split(",") if name and name != "-1"]
    return [str(i) for i, _ in enumerate(tf.config.list_physical_devices("GPU"))]


def _run_alone(search: Search) -> None:
    check(search)
    _search(SearchTuner(search.config, search.record, _oracle(search, 1)))


def _chief(search: Search, at_once: int) -> Chief:
    tf.config.set_visible_devices([], "GPU")  # they belong to the workers
    check(search)
    return Chief(_oracle(search, at_once))


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


def _oracle(search: Search, at_once: int) -> SearchOracle:
    """Begin the search: return its oracle, continued from disk, which reports ended trials."""
    print(search.begin(), flush=True)
    oracle = _new_oracle(search)
    oracle.open(search.record.model_folder, search.record.id)
    Monitor(search, oracle, at_once)
    return oracle
