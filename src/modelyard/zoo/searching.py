"""Search the model of the zoo that is nearest to what matters: choose, add, `dvc repro`."""

import os
import subprocess
import sys
from pathlib import Path

from modelyard.config.loading import load_project
from modelyard.errors import UserError
from modelyard.git import git
from modelyard.pipeline.artifacts import PIPELINE

from .adding import add_entry
from .entries import Entry


def nearest_added(entry_name: str, entry: Entry, name: str) -> Path:
    """Return the model's folder; one that is not there is made, to be searched."""
    folder, zoo = Path("models", name), load_project().zoo
    if (folder / "config.yaml").is_file():
        print(f"{folder} is there already and stays as it is.")
        return folder
    tuning = {
        "tune": True,
        "max_trials": zoo.max_trials,
        "max_instances_at_once": zoo.max_instances_at_once,
    }
    add_entry(entry_name, entry, name, tuning)
    print(f"Made {folder}.")
    return folder


def reproduce(folder: Path) -> int:
    """Run the model's pipeline with this environment's DVC; return its exit status."""
    command = [sys.executable, "-m", "dvc", "repro", str(folder / "dvc.yaml")]
    print(f"Running dvc repro {folder / 'dvc.yaml'}", flush=True)
    # The stages say `python`: it must be this one.
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": programs}
    return subprocess.run(command, env=environment, check=False).returncode


def check_committed(folder: Path) -> None:
    """Refuse changes outside of what `add` writes: elsewhere runs what is committed.

    Raises:
        UserError: naming the first of them.
    """
    listed = git("status", "--porcelain", "--no-renames", "-z").split("\0")
    files = [line[3:] for line in listed if line]
    made = {PIPELINE} if folder.is_dir() else set()  # by an attempt that was not committed
    others = [
        file for file in files if not Path(file).is_relative_to(folder) and Path(file) not in made
    ]
    if others:
        raise UserError(
            f"--remote trains what is committed, but {len(others)} changes are not, first "
            f"{', '.join(others[:3])}; commit or drop them, then run this again."
        )


def hand_over(folder: Path) -> None:
    """Commit the model with a message that has it searched and trained on a VM, and push.

    Raises:
        UserError: Git refused; nothing is lost, and the sentence says what is left to do.
    """
    message = f"[cml] {folder.name}: search"
    git("add", "--", str(folder), str(PIPELINE))
    git("commit", "--quiet", "--allow-empty", "--message", message)
    try:
        git("push", "--quiet")
    except UserError as error:
        raise UserError(
            f"{folder} is committed as {message!r}, but not pushed: {error} Mend that, then "
            "`git push` starts the training."
        ) from None
    print(f"Pushed {message!r}: a VM searches and trains it (the documentation, Training on a VM).")
    print("Several machines: `modelyard k8s` instead.")
