"""Exactly what changed runs again."""

import csv
import re
from collections.abc import Callable

import pytest

from pipeline.stages import MODEL, TRAINING, Project

CONFIG = f"models/{MODEL}/config.yaml"
AFTER_DATA = {"prepare", *TRAINING, "summary"}


def add_an_image(project: Project) -> None:
    raw = project.path / "data/raw/digits"
    (raw / "images/more.png").write_bytes((raw / "images/0000.png").read_bytes())
    with (raw / "annotations.csv").open("a") as file:
        file.write("images/more.png,0\n")
    project.run("dvc", "commit", "--force", "example_data")


def reformat(project: Project) -> None:
    for file in ("config.yaml", CONFIG):
        text = re.sub(r" +#.*", "", (project.path / file).read_text())
        (project.path / file).write_text(f"# another comment\n{text}\n")


CHANGES: dict[str, tuple[Callable[[Project], object], set[str]]] = {
    "nothing": (lambda project: None, set()),
    "comments": (reformat, set()),
    "params": (
        lambda project: project.replace(CONFIG, "epochs: 40", "epochs: 2"),
        {"train", "evaluate", "summary"},
    ),
    "architecture": (
        lambda project: project.replace(CONFIG, "architecture: convolutional", "architecture: dense"),
        {"train", "evaluate", "summary"},
    ),
    "tuning that changes no value": (
        lambda project: project.replace(CONFIG, "max_trials: 20", "max_trials: 30"),
        {"tune"},
    ),
    "tuning that changes a value": (
        lambda project: project.replace(CONFIG, "default_value: 0.3", "default_value: 0.1"),
        {*TRAINING, "summary"},
    ),
    "data": (add_an_image, AFTER_DATA),
    "recipe of the data": (
        lambda project: project.replace("config.yaml", "train: 0.7\n", "train: 0.70\n"),
        set(),
    ),
    "seed of the data": (lambda project: project.replace("config.yaml", "seed: 42", "seed: 43"), AFTER_DATA),
    "summary": (lambda project: project.replace("config.yaml", "test.accuracy", "test.loss"), {"summary"}),
    "code of evaluation": (
        lambda project: project.replace("src/evaluation.py", "LATENCY_RUNS = 50", "LATENCY_RUNS = 40"),
        {"evaluate", "summary"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_runs_what_depends_on_it(change: str, finished: Project) -> None:
    edit, expected = CHANGES[change]
    edit(finished)
    assert finished.repro() == expected
    assert finished.repro() == set()


def test_going_back_runs_nothing_again(finished: Project) -> None:
    weights = finished.weights()
    finished.replace(CONFIG, "epochs: 40", "epochs: 2")
    finished.repro()
    assert finished.weights() != weights
    finished.replace(CONFIG, "epochs: 2", "epochs: 40")
    assert "is cached" in finished.run("dvc", "repro")
    assert finished.weights() == weights


def test_an_experiment_changes_a_key_and_the_file_still_loads(finished: Project) -> None:
    finished.run("dvc", "exp", "run", "-S", f"{CONFIG}:params.epochs=2")
    assert finished.yaml(CONFIG)["params"]["epochs"] == 2
    assert finished.run("python", "-m", "src.run", "check") == f"{MODEL}\n"
    assert "2" in finished.run("dvc", "params", "diff")


def test_queued_experiments_run_apart_from_the_workspace(finished: Project) -> None:
    before = finished.metrics()
    for rate in ("0.01", "1e-3"):
        key = f"{CONFIG}:tuning.hyperparams.learning_rate.default_value={rate}"
        finished.run("dvc", "exp", "run", "--queue", "-S", key, "-S", f"{CONFIG}:params.epochs=2")
    finished.run("sh", "-c", "dvc exp run --run-all --jobs 1 > queue.log 2>&1")
    rows = csv.DictReader(finished.run("dvc", "exp", "show", "--csv").splitlines())
    rates = [row["learning_rate"] for row in rows if row["State"] == "Success"]
    assert sorted(rates) == ["0.001", "0.01"]
    assert finished.metrics() == before
