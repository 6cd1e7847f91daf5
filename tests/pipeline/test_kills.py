"""Killed and interrupted: nothing is lost, nothing is left running."""

import os
import re
import signal
from typing import Any

import pytest

from pipeline.processes import forget, gone, processes, start
from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"
MOMENTS = {  # what shows that it has come, epochs finished by then
    "prepare": ("data/processed/.partial-digits", 0),
    "twelfth epoch": ("Epoch 12/", 11),
    "evaluate": (f"training_metrics/{MODEL}/predictions.csv", 0),  # written before metrics.json
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_continues_and_ends_with_the_same_results(
    moment: str, finished: Project
) -> None:
    until, epochs = MOMENTS[moment]
    metrics, weights = finished.metrics(), finished.weights()
    forget(finished)
    process, _ = start(finished, "dvc", "repro", until=until)
    for number in processes(finished):
        os.kill(number, signal.SIGKILL)
    process.wait()
    log = finished.run("dvc", "repro")
    resumed = re.search(rf"^Resuming {MODEL} after epoch (\d+)\.$", log, re.MULTILINE)
    assert (int(resumed[1]) if resumed else 0) >= epochs
    assert ("Training" in log) == (moment != "evaluate")
    assert_same(finished, metrics, weights)


def assert_same(project: Project, metrics: dict[str, Any], weights: bytes) -> None:
    """The results are those of the uninterrupted run, and nothing unfinished is left."""
    assert project.metrics() == metrics
    assert project.weights() == weights
    assert not (project.path / f".checkpoints/train/{MODEL}").exists()
    assert not list(project.path.glob("**/.partial-*"))


def test_a_training_that_outlived_its_killed_dvc_ends_when_the_next_begins(
    finished: Project,
) -> None:
    metrics, weights = finished.metrics(), finished.weights()
    forget(finished)
    dvc, log = start(finished, "dvc", "repro", until="Epoch 4/")
    dvc.kill()
    dvc.wait()
    orphans = processes(finished)  # the training, and a shell around it where sh does not exec
    assert orphans
    for number in orphans:
        os.kill(number, signal.SIGSTOP)  # or it would be done before the next has started
    repro, next_log = start(finished, "dvc", "repro", until="Training")
    for number in orphans:
        os.kill(number, signal.SIGCONT)
    assert repro.wait() == 0
    assert gone(finished)
    assert f"error: A later training of {MODEL} took over; this one ends." in log.read_text()
    assert f"Resuming {MODEL} after epoch 3." in next_log.read_text()
    assert_same(finished, metrics, weights)


def test_dvc_outlives_a_killed_run_sh_and_is_not_disturbed(finished: Project) -> None:
    metrics, weights = finished.metrics(), finished.weights()
    forget(finished)
    shell, _ = start(finished, "sh", "run.sh", until="Epoch 3/")
    shell.kill()
    shell.wait()
    log = finished.run("sh", "-c", "sh run.sh; echo status $?")
    assert re.search(r"is busy, it is being blocked by:\s+\(PID \d+\): .*dvc repro", log)
    assert log.endswith("status 255\n")
    assert gone(finished, seconds=60)
    assert finished.repro() == {"summary"}
    assert_same(finished, metrics, weights)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_ending_run_sh_leaves_no_training_behind(name: str, finished: Project) -> None:
    finished.replace(CONFIG, "epochs: 40", "epochs: 4000")  # cannot end by itself
    finished.replace(CONFIG, "patience: 8", "patience: 4000")
    process, _ = start(finished, "sh", "run.sh", until="Epoch 2/")
    process.send_signal(signal.Signals[name])
    assert process.wait(30) != 0
    assert gone(finished)
