"""Experiments: in the workspace and queued, by both commands that start a queue."""

import csv
import time

import pytest

from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"
RATE = f"{CONFIG}:tuning.hyperparams.learning_rate.default_value"


def test_an_experiment_changes_a_key_and_the_file_still_loads(finished: Project) -> None:
    finished.run("dvc", "exp", "run", "-S", f"{CONFIG}:params.epochs=2", "-S", f"{RATE}=1e-3")
    assert finished.yaml(CONFIG)["params"]["epochs"] == 2
    assert finished.yaml(f"models/{MODEL}/hyperparameters.yaml")["learning_rate"] == 0.001
    assert len(finished.history()) == 2
    assert finished.run("python", "-m", "src.run", "check") == f"{MODEL}\n"
    assert finished.repro() == set()


@pytest.mark.parametrize("start", ["dvc exp run --run-all", "dvc queue start"])
def test_queued_experiments_run_apart_from_the_workspace(start: str, finished: Project) -> None:
    before = finished.metrics()
    rates = ("0.01", "1e-3")
    for rate in rates:
        settings = ("-S", f"{RATE}={rate}", "-S", f"{CONFIG}:params.epochs=2")
        finished.run("dvc", "exp", "run", "--queue", *settings)
    # Into a file: the workers would keep a pipe open.
    finished.run("sh", "-c", f"{start} --jobs 1 > queue.log 2>&1")
    assert sorted(finished_rates(finished, len(rates))) == ["0.001", "0.01"]
    assert finished.metrics() == before
    assert finished.repro() == set()


def finished_rates(project: Project, count: int) -> list[str]:
    """Wait for the queue; return the learning rates of the experiments that succeeded."""
    for _ in range(60):
        if project.run("dvc", "queue", "status").count("Success") == count:
            break
        time.sleep(1)
    rows = csv.DictReader(project.run("dvc", "exp", "show", "--csv").splitlines())
    return [row["learning_rate"] for row in rows if row["State"] == "Success"]
