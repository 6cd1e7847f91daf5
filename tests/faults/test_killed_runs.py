"""Killed and interrupted: nothing is lost, nothing is left running."""

import os
import re
import signal
from typing import Any

import pytest
from pipeline.processes import forget, forget_training, gone, processes, start
from pipeline.stages import MODEL, Project

from modelyard.pipeline.locks import LOCKS

pytestmark = pytest.mark.slow
CONFIG = f"models/{MODEL}/config.yaml"
MOMENTS = {  # what shows that it has come, epochs finished by then
    "prepare": ("data/processed/.partial-digits", 0),
    "twelfth epoch": ("Epoch 12/", 11),
    "saved, not recorded": ("val_accuracy 0.", 1),
    "evaluate": (f"training_metrics/{MODEL}/predictions.csv", 0),  # written before metrics.json
}


def test_a_run_killed_at_every_moment_continues_and_ends_with_the_same_results(
    finished: Project,
) -> None:
    metrics, weights = finished.metrics(), finished.weights()
    forget(finished)
    logs = [killed(finished, until) for until, _ in MOMENTS.values()]
    after = [*logs[1:], finished.run("dvc", "repro")]
    for (moment, (_, epochs)), log in zip(MOMENTS.items(), after, strict=True):
        resumed = re.search(rf"^Resuming {MODEL} after epoch (\d+)\.$", log, re.MULTILINE)
        assert (int(resumed[1]) if resumed else 0) >= epochs, moment
        assert ("Training" in log) == (moment != "evaluate"), moment
        assert ("Epoch" in log) == (moment in {"prepare", "twelfth epoch"}), moment
    assert_same(finished, metrics, weights)


def killed(project: Project, until: str) -> str:
    """Run the pipeline, kill every process of it at a moment; return what it has printed."""
    process, log = start(project, "dvc", "repro", until=until)
    for number in processes(project):
        os.kill(number, signal.SIGKILL)
    process.wait()
    return log.read_text()


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
    forget_training(finished)
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


def test_a_killed_run_sh_takes_its_training_along_and_the_next_one_continues(
    finished: Project,
) -> None:
    metrics, weights = finished.metrics(), finished.weights()
    forget_training(finished)
    shell, _ = start(finished, "sh", "run.sh", until="Epoch 3/")
    shell.kill()
    shell.wait()
    assert gone(finished)
    log = finished.run("sh", "run.sh")
    assert log.startswith(f"note: dropped the lock {LOCKS} of a run that was killed: no dvc of")
    assert re.search(rf"Resuming {MODEL} after epoch \d+\.", log)
    assert_same(finished, metrics, weights)


def test_a_second_run_of_a_model_is_refused_in_a_sentence_that_names_the_first(
    finished: Project,
) -> None:
    finished.replace(CONFIG, "epochs: 40", "epochs: 4000")  # cannot end by itself
    finished.replace(CONFIG, "patience: 8", "patience: 4000")
    second = ("sh", "-c", "sh run.sh; echo status $?")
    first, _ = start(finished, "sh", "run.sh", until="Epoch 2/")
    log = finished.run(*second)
    [said] = re.findall(
        r"^error: Another run of \w+ is at work .* \(PID (\d+)\); wait .*$", log, re.M
    )
    assert log.count("\n") == 2
    assert log.endswith("status 1\n")
    os.kill(int(said), signal.SIGTERM)  # as the sentence says
    assert first.wait(120) != 0
    assert gone(finished)
    by_hand, _ = start(finished, "dvc", "repro", until="Training")
    log = finished.run(*second)
    assert f"error: A dvc of this project is at work on the same files (PID {by_hand.pid}: " in log
    assert log.endswith("status 1\n")
    for number in processes(finished):
        os.kill(number, signal.SIGKILL)
    by_hand.wait()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_ending_run_sh_leaves_no_training_behind(name: str, finished: Project) -> None:
    finished.replace(CONFIG, "epochs: 40", "epochs: 4000")  # cannot end by itself
    finished.replace(CONFIG, "patience: 8", "patience: 4000")
    process, _ = start(finished, "sh", "run.sh", until="Epoch 2/")
    process.send_signal(signal.Signals[name])
    assert process.wait(120) != 0
    assert gone(finished)
