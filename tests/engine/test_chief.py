"""The chief of several workers, over its real protocol on loopback."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_client import OracleClient

from modelyard.config.loading import load_config
from modelyard.errors import UserError
from modelyard.search.chief import ALONE_SECONDS, LOST_SECONDS, Chief
from modelyard.search.oracles import ORACLES
from modelyard.search.record import TrialResult
from modelyard.search.state import Search
from modelyard.search.worker import connection
from modelyard.search.workers import shares
from src.tuner import KerasAdapter

from .searching import SPACE, choice
from .tiny import TINY, write_model


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chief(workspace: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chief]:  # noqa: ARG001
    space = {**SPACE, "flag": choice(*[True, False])}
    write_model(TINY | {"tuning": {"tune": True, "max_trials": 2, "hyperparams": space}})
    search = Search(load_config(), KerasAdapter)
    oracle = ORACLES["random"](search.space, search.config)
    oracle.open(search.record.model_folder, search.record.id)
    subject = Chief(oracle, search, clock)
    with subject.serving("127.0.0.1", 0) as port:
        monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
        monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(port))
        yield subject


def client(chief: Chief, name: str) -> OracleClient:
    os.environ["KERASTUNER_TUNER_ID"] = name  # removed again with the others
    return OracleClient(chief.oracle)


@pytest.fixture(autouse=True)
def _no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "")


def test_values_travel_exactly(chief: Chief) -> None:
    trial = client(chief, "a").create_trial("a")
    assert (
        trial.hyperparameters.values == chief.oracle.trials[trial.trial_id].hyperparameters.values
    )


def test_a_silent_workers_trial_is_given_to_another_and_ends_once(
    chief: Chief, clock: Clock
) -> None:
    lost, other = client(chief, "lost"), client(chief, "other")
    trial = lost.create_trial("lost")
    clock.now = LOST_SECONDS - 1
    lost.get_trial(trial.trial_id)
    clock.now += LOST_SECONDS - 1
    chief.requeue_lost()
    assert chief.oracle.ongoing_trials
    clock.now += 2
    chief.requeue_lost()
    assert not chief.oracle.ongoing_trials
    again = other.create_trial("other")
    assert again.trial_id == trial.trial_id
    for reporter in (other, lost):
        again.status = "COMPLETED"
        reporter.update_trial(trial.trial_id, {"val_loss": 1.0})
        reporter.end_trial(again)
    assert chief.oracle.end_order == [trial.trial_id]
    assert other.create_trial("other").trial_id != trial.trial_id


@pytest.mark.parametrize("score", [1.0, None])
def test_a_silent_workers_trial_that_left_a_result_ends_without_another_worker(
    chief: Chief, clock: Clock, score: float | None
) -> None:
    lost, other = client(chief, "lost"), client(chief, "other")
    trial, last = lost.create_trial("lost"), other.create_trial("other")
    end(other, last)
    assert other.create_trial("other").status == "STOPPED"
    clock.now = LOST_SECONDS - 1
    record(chief, trial.trial_id, score)
    chief.requeue_lost()
    assert list(chief.oracle.ongoing_trials) == ["lost"]
    clock.now += 2
    chief.wait()
    assert chief.oracle.end_order == [last.trial_id, trial.trial_id]
    ended = chief.oracle.trials[trial.trial_id]
    assert (ended.score, ended.status) == (score, "COMPLETED" if score else "FAILED")


def test_a_search_whose_results_are_all_there_ends_though_no_worker_came_to_hear_so(
    chief: Chief, clock: Clock
) -> None:
    worker = client(chief, "lost")
    for _ in range(2):
        trial = worker.create_trial("lost")
        record(chief, trial.trial_id, 1.0)
        end(worker, trial)
    chief.look_for_end()
    assert not chief.done
    clock.now = LOST_SECONDS + 1
    chief.wait()
    assert len(chief.oracle.end_order) == 2


def test_a_trial_that_ends_on_a_host_already_given_up_ends_without_another_worker(
    chief: Chief, clock: Clock
) -> None:
    lost, other = client(chief, "lost"), client(chief, "other")
    trial, last = lost.create_trial("lost"), other.create_trial("other")
    record(chief, last.trial_id, 1.0)
    end(other, last)
    assert other.create_trial("other").status == "STOPPED"
    clock.now = LOST_SECONDS + 1
    chief.requeue_lost()
    assert chief.oracle.waiting
    record(chief, trial.trial_id, 2.0)
    chief.wait()
    assert chief.oracle.end_order == [last.trial_id, trial.trial_id]
    assert chief.oracle.trials[trial.trial_id].score == 2.0


def end(worker: OracleClient, trial: Any) -> None:
    """Report a score, and end."""
    trial.status = "COMPLETED"
    worker.update_trial(trial.trial_id, {"val_loss": 1.0})
    worker.end_trial(trial)


def record(chief: Chief, trial_id: str, score: float | None) -> None:
    """Leave the result of a trial."""
    status: Any = "completed" if score else "failed"
    result = TrialResult(number=int(trial_id), status=status, values={}, score=score)
    chief.search.record.write(trial_id, result)


def test_a_worker_asks_the_chief_itself_and_no_proxy(
    chief: Chief, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("grpc_proxy", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody answers
    for name in ("no_grpc_proxy", "no_proxy"):
        monkeypatch.setenv(name, "")
    assert chief
    stub = protos.get_service_grpc().OracleStub(connection())
    space = stub.GetSpace(protos.get_service().GetSpaceRequest(), wait_for_ready=True, timeout=60)
    assert {one.name for one in space.hyperparameters.space.float_space} == {"x"}


def test_a_worker_whose_question_breaks_off_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Killed(protos.get_service_grpc().OracleServicer):  # type: ignore[misc]
        def GetSpace(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
            asked.append(1)
            if len(asked) == 1:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Stream removed")
            return protos.get_service().GetSpaceResponse()

    server = grpc.server(ThreadPoolExecutor(1))
    protos.get_service_grpc().add_OracleServicer_to_server(Killed(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(port))
    try:
        stub = protos.get_service_grpc().OracleStub(connection())
        stub.GetSpace(protos.get_service().GetSpaceRequest(), wait_for_ready=True, timeout=60)
    finally:
        server.stop(None)
    assert len(asked) == 2


def test_the_chief_is_done_when_every_worker_has_heard_so_or_is_lost(
    chief: Chief, clock: Clock
) -> None:
    first, second = client(chief, "first"), client(chief, "second")
    for worker, name in ((first, "first"), (second, "second")):
        trial = worker.create_trial(name)
        trial.status = "COMPLETED"
        worker.update_trial(trial.trial_id, {"val_loss": 1.0})
        worker.end_trial(trial)
    assert not chief.done
    assert first.create_trial("first").status == "STOPPED"
    assert not chief.done
    clock.now = LOST_SECONDS + 1
    assert chief.done
    chief.wait()


def test_a_chief_without_workers_gives_up_and_says_what_to_start(
    chief: Chief, clock: Clock
) -> None:
    clock.now = ALONE_SECONDS + 1
    with pytest.raises(UserError, match="No worker has been heard for 600 s"):
        chief.wait()


def test_a_chief_whose_workers_wait_in_a_queue_does_not_give_up(
    chief: Chief, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCH_IS_QUEUED", "1")
    clock.now = ALONE_SECONDS + 1
    monkeypatch.setattr(chief, "requeue_lost", lambda: _end(chief))
    chief.wait()
    assert clock.now == ALONE_SECONDS + 1


def _end(chief: Chief) -> None:
    chief.stop_triggered = True  # as after the last trial


def test_an_address_of_another_machine_is_refused_in_one_sentence(chief: Chief) -> None:
    subject = Chief(chief.oracle, chief.search)
    with (
        pytest.raises(UserError, match=r"cannot listen on 192\.0\.2\.1:1"),
        subject.serving("192.0.2.1", 1),
    ):
        pass


@pytest.mark.parametrize(
    ("most", "gpus", "devices", "threads"),
    [
        (4, [], [None] * 4, "2"),
        (9, [], [None] * 8, "1"),
        (2, ["0", "3", "5"], ["0", "3"], "4"),
        (9, ["7"], ["7"], "8"),
    ],
)
def test_the_machine_is_divided_a_gpu_or_a_share_of_the_cores_each(
    most: int, gpus: list[str], devices: list[str | None], threads: str
) -> None:
    parts = shares(most, gpus, cores=8)
    assert [part.get("CUDA_VISIBLE_DEVICES") for part in parts] == devices
    assert {part["TF_NUM_INTRAOP_THREADS"] for part in parts} == {threads}
