"""What results were made from and where, and how long it took."""

import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from modelyard.errors import UserError
from modelyard.files import read_yaml, sha256
from modelyard.git import run_git
from modelyard.pipeline.provenance import git_commit

from .gate import Judgement
from .prices import cost
from .tables import cell

AGAIN = "`dvc pull` or train the model again"
MOST_FILES = 5
NO_GPU = "no GPU"
PATIENCE = 10.0  # seconds for a driver to answer
# What a training itself writes into Git; changes of anything else are in no commit yet.
RESULTS = ("training_metrics*", "reports", "*dvc.lock", "*hyperparameters.yaml", "*.gitignore")


def provenance(judgement: Judgement, seconds: float | None) -> Iterator[str]:
    """Yield what the results were made from, where, and how to make them again."""
    root, head, changed = judgement.config.output_paths.model.root, git_commit(), uncommitted()
    saved = root / "train_configuration.yaml"
    recorded = _recorded(saved)
    versions = dict(recorded.get("versions") or {})
    locks = (Path("dvc.lock"), root / "dvc.lock")
    lines = [
        f"Commit: {head or 'none'}{_changes(changed)}",
        f"Trained at commit: {recorded.get('git_commit') or 'none'}",
        f"Data: {str(recorded.get('data_hash') or 'not here')[:12]}",
        *(f"{lock}: {sha256(lock)[:12] if lock.is_file() else 'missing'}" for lock in locks),
        f"Versions: {', '.join(f'{k} {v}' for k, v in versions.items()) or 'not here'}",
        f"Trained on: {devices(recorded.get('devices'))}",
        *machine_lines(seconds),
    ]
    yield "### Made from\n\n" + "".join(f"- {line}\n" for line in lines)
    commands = [f"git checkout {'COMMIT' if changed else head or 'COMMIT'}",
                "sh setup.sh && . .venv/bin/activate",
                "dvc pull", f"dvc repro {shlex.quote(str(root / 'dvc.yaml'))}"]  # fmt: skip
    first = ", once the changes above are committed" if changed else ""
    yield f"Again, from a clone{first}:\n\n```sh\n" + "\n".join(commands) + "\n```\n"


def _recorded(path: Path) -> dict[str, Any]:
    """Return what a training wrote about itself, nothing where there was none.

    Raises:
        UserError: it is damaged.
    """
    document = read_yaml(path, AGAIN) if path.is_file() else {}
    if not isinstance(document, dict) or not isinstance(document.get("versions", {}), dict):
        raise UserError(f"{path} does not describe a training; {AGAIN}.")
    return document


def uncommitted() -> list[str]:
    """Return the files, results left out, that differ from the commit or are not in it."""
    options = ("--porcelain", "--untracked-files=all", "-z", "--no-renames", "--")
    paths = ["src", "models", "data", ":(glob)*.yaml", "requirements.txt"]
    without = [f":(exclude){pattern}" for pattern in RESULTS]
    said = run_git("status", *options, *paths, *without).stdout.decode(errors="replace")
    return [line[3:] for line in said.split("\0") if line]


def _changes(files: list[str]) -> str:
    more = f" and {len(files) - MOST_FILES} more" if len(files) > MOST_FILES else ""
    named = ", ".join(cell(file) for file in files[:MOST_FILES]) + more
    return f", and changes that no commit holds: {named}" if files else ""


def devices(recorded: object) -> str:
    """Say which devices trained, and which share of the time they worked."""
    found = recorded if isinstance(recorded, dict) else {}
    busy = found.get("busy")
    names = ", ".join(map(str, found.get("names", []))) or "not recorded"
    return f"{names}, busy {busy:.0%} of the time" if isinstance(busy, float) else names


def machine_lines(seconds: float | None) -> Iterator[str]:
    """Yield processor, memory, GPU, wall time and cost, a line each."""
    yield f"Machine: {processor()}, {memory_gb():.0f} GB, {gpu()}"
    yield f"Wall time: {duration(seconds)}"
    yield f"Cost: {cost(seconds)}"


def processor() -> str:
    """Return the model of the processor and how many cores this process may use."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if platform.system() == "Linux" else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {named[0] if named else platform.machine()}"


def memory_gb() -> float:
    """Return the machine's memory in GB."""
    return float(psutil.virtual_memory().total) / 1e9


def gpu() -> str:
    """Return the names of the GPUs, as the driver knows them."""
    if not shutil.which("nvidia-smi"):
        return NO_GPU
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):  # a broken driver must not cost the results
        return f"{NO_GPU} that answers"
    return ", ".join(done.stdout.split("\n")).strip(", ") or NO_GPU


def duration(seconds: float | None) -> str:
    """Return a time as h:mm:ss."""
    return "not measured" if seconds is None else str(timedelta(seconds=round(seconds)))
