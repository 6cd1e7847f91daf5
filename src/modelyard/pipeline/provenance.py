"""Where a model comes from: commit, data, versions, time."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from modelyard import git
from modelyard.config.schema import Config

from .identity import package_json

PACKAGES = ("keras", "modelyard", "numpy", "scikit-learn", "tensorflow")


def git_commit() -> str | None:
    """Return the code's commit: what an installed package was built from, else the working tree's.

    None outside Git or before the first commit.
    """
    return str(found) if (found := package_json().get("commit")) else git.commit()


def utc_now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def train_configuration(
    config: Config, data_hash: str, hyperparameters: dict[str, Any], started: str
) -> dict[str, Any]:
    """Describe one training completely enough to repeat it."""
    return {
        "model": config.name,
        "git_commit": git_commit(),
        "data_hash": data_hash,
        "training_start_time": started,
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        "hyperparameters": dict(hyperparameters),
        "config": config.record(),
    }
