"""Experiments: in the workspace and queued, by both commands that start a queue."""

import csv
import time

import pytest

from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"
DROPOUT = f"{CONFIG}:tuning.hyperparams.dropout_rate.default_value"
RATE = f"{CONFIG}:tuning.hyperparams.learning_rate.default_value"


def test_an_experiment_changes_keys_and_the_file_still_loads(quick: Project) -> None:
    settings = (f"{CONFIG}:params.epochs=3", f"{DROPOUT}=1e-5")
    quick.run("dvc", "exp", "run", "-S", settings[0], "-S", settings[1])
    assert "default_value: 1e-05" in (quick.path / CONFIG).read_text()  # to PyYAML a string
    assert quick.yaml(f"models/{MODEL}/hyperparameters.yaml")["dropout_rate"] == 0.00001
    assert len(quick.history()) == quick.yaml(CONFIG)["params"]["epochs"] == 3
    assert quick.run("python", "-m", "src.run", "check") == f"{MODEL}\n"
    assert quick.repro() == set()


@pytest.mark.parametrize(
    ("start", "rates"),
    [("dvc exp run --run-all", ["0.01"]), ("dvc queue start", ["0.001", "0.005"])],
)
def test_queued_experiments_run_apart_from_the_workspace(
    start: str, rates: list[str], quick: Project
) -> None:
    before = quick.metrics()
    for rate in rates:
        quick.run("dvc", "exp", "run", "--queue", "-S", f"{RATE}={rate}")
    # Into a file: the workers would keep a pipe open.
    quick.run("sh", "-c", f"{start} --jobs 1 > queue.log 2>&1")
    assert sorted(good_rates(quick)) == rates
    assert quick.metrics() == before
    assert quick.repro() == set()


def good_rates(project: Project) -> list[str]:
    """Wait for the queue; return the learning rates of the experiments that succeeded."""
    for _ in range(300):
        status = project.run("dvc", "queue", "status")
        if "Queued" not in status and "Running" not in status:
            break
        time.sleep(1)
    rows = csv.DictReader(project.run("dvc", "exp", "show", "--csv").splitlines())
    return [row["learning_rate"] for row in rows if row["State"] == "Success"]
