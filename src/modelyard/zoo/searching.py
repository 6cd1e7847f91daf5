"""Search the model of the zoo that is nearest to what matters: choose, add, `dvc repro`."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelyard.config.loading import load_config
from modelyard.errors import UserError
from modelyard.git import git
from modelyard.pipeline.artifacts import PIPELINE

from .adding import add_entry
from .entries import Entry


def nearest_added(entry_name: str, entry: Entry, name: str, tuning: dict[str, Any]) -> Path:
    """Return the model's folder; one that is not there is made, to be searched."""
    folder, tuning = Path("models", name), tuning | {"tune": bool(entry.hp_search_space)}
    if (folder / "config.yaml").is_file():
        print(f"{folder} is there already and stays as it is{_otherwise(folder, tuning)}.")
        return folder
    add_entry(entry_name, entry, name, tuning)
    only = "" if entry.hp_search_space else "; nothing of it can be searched, so it is only trained"
    print(f"Made {folder}{only}.")
    return folder


def _otherwise(folder: Path, tuning: dict[str, Any]) -> str:
    """Say what a model that is there has in place of what was asked for."""
    found = load_config(folder / "config.yaml").tuning.model_dump()
    others = [
        f"{key} is {found[key]!r}, not {value!r}"
        for key, value in tuning.items()
        if found[key] != value
    ]
    if not others:
        return ""
    where = f"change that in {folder / 'config.yaml'}, or give --name, the name of a new model"
    return f": tuning.{', tuning.'.join(others)}; {where}"


def reproduce(folder: Path) -> int:
    """Run the model's pipeline, then the summary of all models; return DVC's exit status."""
    print(f"Running dvc repro {folder / 'dvc.yaml'}", flush=True)
    status = _dvc("repro", str(folder / "dvc.yaml"))
    # By itself: without a target, the other models would train, too.
    return status or _dvc("repro", "--single-item", "summary")


def _dvc(*arguments: str) -> int:
    """Run this environment's DVC; return its exit status."""
    # The stages say `python`: it must be this one.
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, env=os.environ | {"PATH": programs}, check=False).returncode


def check_committed(folder: Path, read: Sequence[Path] = ()) -> None:
    """Refuse changes outside of what `add` writes: elsewhere runs what is committed.

    What was `read` only decided what is added; the machine that trains does not need it.

    Raises:
        UserError: naming the first of them.
    """
    listed = git("status", "--porcelain", "--no-renames", "--untracked-files=all", "-z").split("\0")
    files = [line[3:] for line in listed if line]
    allowed = set(read) | ({PIPELINE} if folder.is_dir() else set())  # an attempt's, uncommitted
    others = [
        file
        for file in files
        if not Path(file).is_relative_to(folder) and Path(file) not in allowed
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
