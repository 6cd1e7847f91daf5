"""Start, watch and count the processes of a project."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from pipeline.stages import MODEL, Project

Process = subprocess.Popen[bytes]

# What `nohup` or a shell's `&` around the tests ignores, no shell below them could trap again.
HEARING = ("env", "--default-signal=HUP,INT,TERM")


def forget(project: Project) -> None:
    """Make the project run everything again from its raw images."""
    forget_training(project)
    (project.path / "dvc.lock").unlink()
    project.run("rm", "-rf", "data/processed/digits")


def forget_training(project: Project) -> None:
    """Make the project train again on the data that is prepared."""
    (project.path / f"models/{MODEL}/dvc.lock").unlink()
    (project.path / f"training_metrics/{MODEL}/predictions.csv").unlink()
    project.run("rm", "-rf", ".dvc/cache/runs")


def start(
    project: Project, *command: str, until: str, variables: Mapping[str, str] | None = None
) -> tuple[Process, Path]:
    """Start a command, wait until a text is printed or a path exists; return it and its log.

    All that it starts belongs to it and can be killed: from here on nothing starts warm.
    """
    project.cold()
    log = project.path.parent / f"log-{time.monotonic_ns()}"
    with log.open("w") as output:
        process = subprocess.Popen(
            HEARING + command,
            cwd=project.path,
            env=os.environ | project.environment.variables | dict(variables or {}),
            stdout=output,
            stderr=output,
        )
    while until not in log.read_text() and not (project.path / until).exists():
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


def gone(project: Project, seconds: float = 60) -> bool:
    """Wait for every process of the project to end; say whether they did."""
    end = time.monotonic() + seconds
    while processes(project):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
