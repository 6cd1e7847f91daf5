"""One job on a machine of its own: its steps, what they hand on, and how it ends."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from github.expressions import Contexts, condition, interpolate
from github.files import StepFiles

if TYPE_CHECKING:
    from github.workflow import Runner

SHOWN = 3000


@dataclass
class StepResult:
    """What became of one step."""

    name: str
    outcome: str
    log: str = ""


@dataclass
class JobResult:
    """What became of one job.

    Attributes:
        result: success, failure or skipped.
    """

    result: str
    outputs: dict[str, str] = field(default_factory=dict)
    runs_on: Any = None
    steps: list[StepResult] = field(default_factory=list)
    summary: str = ""
    workspace: Path = Path()

    @property
    def log(self) -> str:
        """All that its steps printed."""
        return "\n".join(f"== {step.name} ({step.outcome})\n{step.log}" for step in self.steps)

    def step(self, name: str) -> StepResult:
        """Return a step by name."""
        return next(step for step in self.steps if step.name == name)


@dataclass
class Step:
    """What a double of an action is given."""

    job: str
    inputs: dict[str, str]
    workspace: Path
    github: dict[str, Any]
    files: StepFiles


Action = Callable[[Step], Mapping[str, str] | None]


class Job:
    """Runs the steps of one job."""

    def __init__(
        self,
        name: str,
        definition: dict[str, Any],
        contexts: Contexts,
        folder: Path,
        runner: "Runner",
    ) -> None:
        """Give it an empty machine: a workspace and a home."""
        self.name, self.definition, self.runner = name, definition, runner
        self.workspace = folder / "workspace"
        self.workspace.mkdir(parents=True)
        self.files = StepFiles(folder)
        machine = {"os": "Linux", "arch": "X64", "temp": str(folder)}
        self.contexts: Contexts = {**contexts, "env": {}, "runner": machine, "steps": {}}
        self.status = "success"
        self.result = JobResult("success", workspace=self.workspace)

    def variables(self, *levels: Mapping[str, Any] | None) -> None:
        """Take over the `env` of the workflow, then of the job."""
        for level in levels:
            for key, value in (level or {}).items():
                self.contexts["env"][key] = interpolate(value, self.contexts)

    def run(self) -> JobResult:
        """Run every step whose condition holds; return how the job ended."""
        for definition in self.definition["steps"]:
            self.contexts["job"] = {"status": self.status}
            step = self._step(definition)
            self.result.steps.append(step)
            if step.outcome == "failure" and not definition.get("continue-on-error"):
                self.status = "failure"
        self.result.result = self.status
        self.result.summary = self.files.summary()
        outputs = self.definition.get("outputs", {})
        self.result.outputs = {
            key: interpolate(value, self.contexts) for key, value in outputs.items()
        }
        return self.result

    def _step(self, definition: dict[str, Any]) -> StepResult:
        name = definition.get("name") or definition.get("uses", "run")
        if not condition(definition.get("if"), self.contexts, self.status):
            self._know(definition, {}, "skipped")
            return StepResult(name, "skipped")
        before = dict(self.contexts["env"])
        try:
            self.variables(definition.get("env"))
            step = self._use(definition) if "uses" in definition else self._shell(definition)
        finally:
            self.contexts["env"] = before | self.files.environment()
        self._know(definition, self.files.outputs(), step.outcome)
        self.files.next_step()
        return StepResult(name, step.outcome, step.log)

    def _know(self, definition: dict[str, Any], outputs: Any, outcome: str) -> None:
        """Let later steps see how this one ended."""
        if "id" in definition:
            self.contexts["steps"][definition["id"]] = {"outputs": outputs, "outcome": outcome}

    def _use(self, definition: dict[str, Any]) -> StepResult:
        action = definition["uses"].split("@")[0]
        assert action in self.runner.actions, f"{action} has no double: give the runner one"
        inputs = {k: interpolate(v, self.contexts) for k, v in definition.get("with", {}).items()}
        step = Step(self.name, inputs, self.workspace, self.contexts["github"], self.files)
        try:
            outputs = self.runner.actions[action](step)
        except Exception as error:
            return StepResult(action, "failure", str(error))
        self.files.add_outputs(outputs or {})
        if action == "actions/checkout":
            self.runner.prepare(self.name, self.workspace)
        return StepResult(action, "success")

    def _shell(self, definition: dict[str, Any]) -> StepResult:
        script = self.files.folder / "step.sh"
        script.write_text(interpolate(definition["run"], self.contexts), encoding="utf-8")
        chosen = definition.get("shell") or self.definition.get("defaults", {}).get("run", {}).get(
            "shell"
        )
        options = ["--noprofile", "--norc", "-eo", "pipefail"] if chosen == "bash" else ["-e"]
        done = subprocess.run(
            ["bash", *options, str(script)],
            cwd=self.workspace / definition.get("working-directory", "."),
            env=self._environment(),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        outcome = "success" if done.returncode == 0 else "failure"
        return StepResult("run", outcome, done.stdout)

    def _environment(self) -> dict[str, str]:
        github = self.contexts["github"]
        names = ("actor", "event_name", "ref", "ref_name", "ref_type", "repository", "run_attempt",
                 "run_id", "server_url", "sha")  # fmt: skip
        default = {f"GITHUB_{name.upper()}": github[name] for name in names}
        variables = {
            **os.environ,
            **self.runner.environment,
            **self.runner.of_job(self.name),
            **default,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "HOME": str(self.files.folder),
            **self.files.variables(),
            **self.contexts["env"],
        }
        path = variables["PATH"]
        return variables | {"PATH": os.pathsep.join([*self.files.paths(), path])}
