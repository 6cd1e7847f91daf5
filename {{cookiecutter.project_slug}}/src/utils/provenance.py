"""Where a model comes from: commit, data, versions, time."""

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .manifest import Manifest
from .schema import Config
from .utils import fingerprint, read_json, sha256

PACKAGE_JSON = Path(__file__).parents[1] / "package.json"  # of an installed package
PACKAGES = ("keras", "numpy", "scikit-learn", "tensorflow")


def git_commit() -> str | None:
    """Return the code's commit: what an installed package was built from, else the working tree's.

    None outside Git or before the first commit.
    """
    if PACKAGE_JSON.is_file():
        return str(read_json(PACKAGE_JSON)["commit"])
    command = ["git", "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return found.stdout.strip() or None


def utc_now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def code_files() -> dict[str, str]:
    """Return the SHA-256 of every module of this package by its path in it."""
    package = Path(__file__).parents[1]
    return {str(file.relative_to(package)): sha256(file) for file in sorted(package.rglob("*.py"))}


def code_hash() -> str:
    """Hash every module of this package."""
    return fingerprint(code_files())


def train_configuration(
    config: Config, manifest: Manifest, hyperparameters: dict[str, Any], started: str
) -> dict[str, Any]:
    """Describe one training completely enough to repeat it."""
    return {
        "model": config.name,
        "git_commit": git_commit(),
        "data_hash": manifest.data_hash,
        "training_start_time": started,
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        "hyperparameters": dict(hyperparameters),
        "config": config.record(),
    }
