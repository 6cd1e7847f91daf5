"""A search over hosts with addresses of their own, one of which is cut off and comes back."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from modelyard.files import read_csv, read_json

from .conftest import ROOT
from .hosts import Host, hosts
from .searching import STUB, number
from .tiny import METRICS, MODEL, TINY, write_model

# The search as it is started, with shorter waits: each of them is a minute or more otherwise.
QUICK = """
import runpy, sys
from modelyard.search import chief, worker
chief.LOST_SECONDS, worker.SILENCE_SECONDS, worker.PING_SECONDS = {lost}, {silence}, 0.5
sys.argv = ["src.run", "tune", "--remote"]
runpy.run_module("src.run", run_name="__main__", alter_sys=True)
"""
TRIALS = 12
CHIEF, PORT = "10.199.7.1", "8000"
SPACE = {"x": number(0.0, 8.0, 7.0), "fate": {"default_value": "slow"}}


class Machine:
    """What runs on one host, in a checkout of its own; all share the search's folder."""

    def __init__(self, host: Host, role: str, folder: Path, script: Path) -> None:
        """Work in a folder; the variables are those of KerasTuner's protocol."""
        self.host, self.folder, self.script = host, folder, script
        self.log = folder.with_suffix(".log")
        self.variables = {"KERASTUNER_TUNER_ID": role, "KERASTUNER_ORACLE_PORT": PORT}
        self.variables |= {"KERASTUNER_ORACLE_IP": CHIEF, "PYTHONPATH": str(ROOT)}

    def start(self) -> None:
        """Start the search's process on the host."""
        with self.log.open("a") as output:
            self.process = subprocess.Popen(
                self.host.command(sys.executable, str(self.script)),
                cwd=self.folder,
                env=os.environ | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def said(self, text: str) -> bool:
        """Say whether a text has been printed; the process must still run, or have ended well."""
        assert not self.process.poll(), self.log.read_text()
        return text in self.log.read_text()

    @property
    def trainings(self) -> list[str]:
        """What the stub noted, a line a training."""
        log = self.folder / "trained.log"
        return log.read_text().splitlines() if log.exists() else []

    def wait(self) -> int:
        """Return the exit status."""
        return self.process.wait(120)


class Alone(NamedTuple):
    """A project, and the trials of its search in one process."""

    project: Path
    trials: list[dict[str, str]]


@pytest.fixture(scope="module")
def alone(_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """Run the search in one process; return its trials, and a project where it has not run."""
    project, here = (tmp_path_factory.mktemp("hosts") / name for name in ("project", "alone"))
    shutil.copytree(_prepared, project)
    shutil.copy(STUB, project / MODEL / "adapter.py")
    tuning = {"tune": True, "max_trials": TRIALS, "max_instances_at_once": 2}
    write_model(TINY | {"tuning": tuning | {"hyperparams": SPACE}}, project)
    shutil.copytree(project, here)
    command = [sys.executable, "-m", "src.run", "tune", "tuning.max_instances_at_once=1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=here, env=environment, check=True, capture_output=True)
    return Alone(project, rows(here))


def checkout(project: Path, folder: Path, shared: Path) -> Path:
    """Copy the project to a host that shares the search's folder; return where."""
    shutil.copytree(project, folder)
    (folder / ".checkpoints").mkdir()
    (folder / ".checkpoints/tune").symlink_to(shared)
    return folder


def rows(project: Path) -> list[dict[str, str]]:
    """Return a search's trials, without how long they took."""
    found = read_csv(project / METRICS / "trials.csv")
    return [{key: value for key, value in row.items() if key != "seconds"} for row in found]


@pytest.fixture
def network() -> Iterator[list[Host]]:
    with hosts("chief", "worker-0", "worker-1") as found:
        yield found


@pytest.fixture
def machines(
    network: list[Host], alone: Alone, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[list[Machine]]:
    """Yield chief and two workers, started; none of them outlives the test."""
    shared, script = tmp_path / "bucket", tmp_path / "quick.py"
    shared.mkdir()
    lost, silence = request.param
    script.write_text(QUICK.format(lost=lost, silence=silence))
    roles = ("chief", "worker-0", "worker-1")
    found = [
        Machine(host, role, checkout(alone.project, tmp_path / role, shared), script)
        for host, role in zip(network, roles, strict=True)
    ]
    for machine in found:
        machine.start()
    try:
        yield found
    finally:
        for machine in found:
            machine.process.kill()
            machine.process.wait()


def oracle(chief: Machine) -> dict[str, Any]:
    """Return what the chief's oracle has saved."""
    folder = chief.folder / ".checkpoints/tune/tiny"
    return dict(read_json(folder / (folder / "current").read_text() / "oracle.json"))


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def check_complete(machines: list[Machine], alone: Alone) -> None:
    """All trials are there, each of them ended once, and the same as in one process."""
    chief = machines[0]
    assert rows(chief.folder) == alone.trials
    state = oracle(chief)
    assert sorted(state["end_order"]) == sorted(state["start_order"])
    assert len(state["end_order"]) == len(set(state["end_order"])) == TRIALS


# A cut shorter than what makes a worker lost: its trial waits for it and is not trained again.
@pytest.mark.parametrize("machines", [(60.0, 60.0)], indirect=True)
def test_a_host_that_comes_back_soon_ends_its_own_trial(
    machines: list[Machine], alone: Alone
) -> None:
    chief, staying, leaving = machines
    wait_until(lambda: chief.said("[3/12]") and len(leaving.trainings) >= 1)
    leaving.host.plug(into_the_switch=False)
    wait_until(lambda: chief.said("[8/12]"))
    leaving.host.plug(into_the_switch=True)
    assert [machine.wait() for machine in machines] == [0, 0, 0], leaving.log.read_text()
    check_complete(machines, alone)
    assert len(staying.trainings + leaving.trainings) == TRIALS
    assert len(set(staying.trainings + leaving.trainings)) == TRIALS


@pytest.mark.parametrize("machines", [(2.0, 60.0)], indirect=True)
def test_a_host_that_comes_back_after_its_trial_was_given_away_works_on(
    machines: list[Machine], alone: Alone
) -> None:
    chief, _, leaving = machines
    wait_until(lambda: chief.said("[2/12]") and len(leaving.trainings) >= 1)
    leaving.host.plug(into_the_switch=False)
    lost = int(oracle(chief)["ongoing_trials"]["worker-1"])
    wait_until(lambda: chief.said("[8/12]") and chief.said(f"] trial {lost}:"))
    leaving.host.plug(into_the_switch=True)
    assert [machine.wait() for machine in machines] == [0, 0, 0], leaving.log.read_text()
    check_complete(machines, alone)


# The others have ended before the chief gives up on the host: nobody is left to take its trial.
@pytest.mark.parametrize("machines", [(8.0, 60.0)], indirect=True)
def test_a_host_whose_last_word_is_lost_has_its_trial_ended_by_what_it_left(
    machines: list[Machine], alone: Alone
) -> None:
    chief, _, leaving = machines
    wait_until(lambda: chief.said("[3/12]") and len(leaving.trainings) >= 1)
    leaving.host.plug(into_the_switch=False)
    assert [machine.wait() for machine in machines] == [0, 0, 0], leaving.log.read_text()
    check_complete(machines, alone)


@pytest.mark.parametrize("machines", [(4.0, 4.0)], indirect=True)
def test_a_host_that_stays_away_is_replaced_and_the_new_one_joins(
    machines: list[Machine], alone: Alone
) -> None:
    chief, _, leaving = machines
    wait_until(lambda: chief.said("[2/12]") and len(leaving.trainings) >= 1)
    leaving.host.plug(into_the_switch=False)
    assert leaving.wait() == 2
    assert f"the chief at {CHIEF}:{PORT} is gone; this worker ends." in leaving.log.read_text()
    leaving.host.plug(into_the_switch=True)
    leaving.start()  # as Kubernetes does
    assert [machine.wait() for machine in machines] == [0, 0, 0], leaving.log.read_text()
    check_complete(machines, alone)
