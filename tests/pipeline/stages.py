"""What the tests of the pipeline ask of a project."""

import csv
import json
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from support import ProjectEnvironment

from pipeline import warm

MODEL = "digits_classifier"
TRAVELS = ("model.keras", "exports/model.tflite", "output_mapping.json", "train_configuration.yaml")


@dataclass(frozen=True)
class Project:
    """A project's folder and the environment its commands run in."""

    path: Path
    environment: ProjectEnvironment

    def run(
        self, *command: str, check: bool = True, variables: Mapping[str, str] | None = None
    ) -> str:
        """Run a command in the project; return what it printed. Its stages start warm: warm.py."""
        more = self.variables | dict(variables or {})
        return ProjectEnvironment(self.environment.folder, more).run(
            self.path, *command, check=check
        )

    @property
    def variables(self) -> dict[str, str]:
        """What leads to the common environment, and to a `python` that starts stages sooner."""
        programs = warm.environment(self.environment.folder) / "bin"
        path = f"{programs}{os.pathsep}{self.environment.variables['PATH']}"
        return self.environment.variables | {"PATH": path}

    def repro(self, *arguments: str) -> set[str]:
        """Run `dvc repro`; return the stages that ran."""
        return stages(self.run("dvc", "repro", *arguments))

    def cold(self) -> None:
        """Have run.sh start every stage as a user's does, in a process of its own."""
        environment = self.path / ".venv"
        if environment.is_symlink():
            environment.unlink()
            environment.symlink_to(self.environment.folder)

    def replace(self, file: str, old: str, new: str) -> None:
        """Change text in a file; it must be there."""
        text = (self.path / file).read_text()
        assert old in text
        (self.path / file).write_text(text.replace(old, new))

    def metrics(self, model: str = MODEL) -> dict[str, Any]:
        """Return a model's metrics without what measures the machine."""
        text = (self.path / f"training_metrics/{model}/metrics.json").read_text()
        return {key: value for key, value in json.loads(text).items() if key != "latency_ms"}

    def history(self, model: str = MODEL) -> list[dict[str, float]]:
        """Return a model's curves, a row an epoch."""
        with (self.path / f"training_metrics/{model}/history.csv").open(newline="") as file:
            return [
                {key: float(value) for key, value in row.items()} for row in csv.DictReader(file)
            ]

    def weights(self, model: str = MODEL) -> bytes:
        """Return the weights inside a saved model; around them are dates."""
        with zipfile.ZipFile(self.path / f"models/{model}/model.keras") as file:
            return file.read("model.weights.h5")

    def model_files(self, model: str = MODEL) -> dict[str, bytes]:
        """Return what DVC carries of a model, by name."""
        return {name: (self.path / f"models/{model}/{name}").read_bytes() for name in TRAVELS}

    def clone(self) -> "Project":
        """Clone the project to a folder beside it; only Git's part comes along."""
        target = self.path.parent / "clone"
        self.run("git", "clone", "--quiet", str(self.path), str(target))
        return Project(target, self.environment)

    def yaml(self, file: str) -> Any:
        """Read a YAML file of the project."""
        return YAML(typ="safe").load((self.path / file).read_text())


def equipped(path: Path, environment: ProjectEnvironment) -> Project:
    """Give a project the common environment; its stages start warm: see warm.py."""
    (path / ".venv").symlink_to(warm.environment(environment.folder))
    (path / "uv.lock").touch()
    return Project(path, environment)


def stages(log: str) -> set[str]:
    """Return the stages that ran by a log of DVC, those of the first model by short name."""
    ran = re.findall(r"^Running stage '(.*)':$", log, re.MULTILINE)
    return {name.removeprefix(f"models/{MODEL}/dvc.yaml:") for name in ran}
