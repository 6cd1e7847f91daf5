"""Search the model of the zoo that is nearest to what matters: choose, add, `dvc repro`."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from ..utils.config import load_project
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


def remote_commands(folder: Path) -> str:
    """Return what hands the search to a VM, and where to read how a cluster runs it."""
    name = folder.name
    return "\n".join(
        [
            "On a VM:",
            f"  git add {shlex.quote(str(folder))} && "
            f"git commit -m {shlex.quote(f'[cml] {name}: search')}",
            "  git push",
            "On several machines (ci/k8s/README.md, which says what IMAGE and BUCKET are):",
            f"  python -m ci.k8s --config {folder}/config.yaml --image IMAGE --bucket BUCKET "
            ">search.yaml",
            "  kubectl apply -f search.yaml",
        ]
    )
