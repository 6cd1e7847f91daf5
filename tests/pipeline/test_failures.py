"""Killed, interrupted, misconfigured: nothing is lost, nothing is left running."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"


def forget(project: Project) -> None:
    """Make the project train again from its raw images."""
    for file in ("dvc.lock", f"models/{MODEL}/dvc.lock"):
        (project.path / file).unlink()
    project.run("rm", "-rf", ".dvc/cache/runs", "data/processed/digits")


def start(project: Project, *command: str, until: str) -> "tuple[subprocess.Popen[bytes], Path]":
    """Start a command and wait until it has printed a text."""
    log = project.path.parent / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=project.path,
            env=os.environ | project.environment.variables,
            stdout=output,
            stderr=output,
        )
    while until not in log.read_text():
        assert process.poll() is None, log.read_text()
        time.sleep(0.01)
    return process, log


def processes(project: Project) -> list[int]:
    """Return the processes that work in the project's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").resolve() == project.path and entry.name != str(os.getpid()):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def gone(project: Project) -> bool:
    """Wait a little for every process of the project to end."""
    for _ in range(200):
        if not processes(project):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("moment", ["src.run prepare", "Epoch 3/", "Epoch 12/", "src.run evaluate"])
def test_a_killed_run_continues_and_ends_with_the_same_results(
    moment: str, finished: Project
) -> None:
    metrics, weights = finished.metrics(), finished.weights()
    forget(finished)
    process, _ = start(finished, "dvc", "repro", until=moment)
    for number in processes(finished):
        os.kill(number, signal.SIGKILL)
    process.wait()
    log = finished.run("dvc", "repro")
    resumed = re.findall(r"^Resuming .* after epoch (\d+)\.$", log, re.MULTILINE)
    if moment.startswith("Epoch"):
        assert int(resumed[0]) >= int(moment.strip("Epoch /")) - 1
    assert finished.metrics() == metrics
    assert finished.weights() == weights
    assert not (finished.path / f".checkpoints/{MODEL}").exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_ending_run_sh_leaves_no_training_behind(name: str, finished: Project) -> None:
    finished.replace(CONFIG, "epochs: 40", "epochs: 4000")  # cannot end by itself
    finished.replace(CONFIG, "patience: 8", "patience: 4000")
    process, _ = start(finished, "sh", "run.sh", until="Epoch 2/")
    process.send_signal(signal.Signals[name])
    assert process.wait(30) != 0
    assert gone(finished)


def test_a_failing_stage_fails_run_sh_and_the_same_command_goes_on(finished: Project) -> None:
    image = finished.path / "data/raw/digits/images/0000.png"
    pixels = image.read_bytes()
    image.write_bytes(b"no image")
    finished.run("dvc", "commit", "--force", "example_data")
    done = finished.run("sh", "-c", "sh run.sh; echo status $?")
    assert "error: data/raw/digits/images/0000.png cannot be read as an image" in done
    assert "the same command continues" in done
    assert "status 255" in done
    image.write_bytes(pixels)
    finished.run("dvc", "commit", "--force", "example_data")
    assert "status 0" in finished.run("sh", "-c", "sh run.sh; echo status $?")


def test_a_misspelt_key_stops_before_anything_runs(finished: Project) -> None:
    finished.replace(CONFIG, "epochs: 40", "epoch: 40")
    before = finished.run("git", "status", "--porcelain")
    log = finished.run("sh", "-c", "sh run.sh; echo status $?")
    assert f"error: {CONFIG}: params.epoch is no known key (did you mean 'epochs'?)" in log
    assert log.endswith("status 1\n")
    assert "Running stage" not in log
    assert finished.run("git", "status", "--porcelain") == before


def test_an_unknown_model_is_refused_with_the_known_ones(finished: Project) -> None:
    log = finished.run("sh", "-c", "sh run.sh digits; echo status $?")
    assert log == (
        f"error: models/digits/config.yaml does not exist; known models: {MODEL}.\nstatus 1\n"
    )
