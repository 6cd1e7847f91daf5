"""A repository on GitHub, and the machines that its workflows run on."""

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from github import actions
from github.api import GitHub
from github.events import TOKEN, Event
from github.programs import Programs
from github.workflow import Results, Runner
from support import run

from pipeline import warm
from pipeline.stages import Project

# Jobs that get the common environment.
EQUIPPED = {"train", "acceptance", "consistency", "tests", "model_tests", "publish"}
SECRETS = {
    "CML_APP_PRIVATE_KEY": "-----BEGIN key-that-must-not-be-seen",
    "CML_PAT": "github_pat_that_must_not_be_seen",
}
APP = {"CML_APP_CLIENT_ID": "Iv1.0a"}
APP_TOKEN = "app-token"  # noqa: S105 (a token that opens nothing)
CLOUD = {
    "GCP_PROJECT": "a-project",
    "GCP_WORKLOAD_IDENTITY_PROVIDER": (
        "projects/1/locations/global/workloadIdentityPools/github/providers/r"
    ),
    "GCP_LAUNCHER_SERVICE_ACCOUNT": "cml-launcher@a-project.iam.gserviceaccount.com",
    "GCP_RUNNER_SERVICE_ACCOUNT": "cml-runner@a-project.iam.gserviceaccount.com",
}


@dataclass
class Cloud:
    """A bare origin, a user's clone of it, a GitHub and its machines.

    Attributes:
        used: every action with its inputs, in order.
        cold: whether every stage starts a Python of its own, as on a real machine; see warm.py.
        bare: jobs that make an environment of their own although others are given one.
    """

    project: Project
    origin: Path
    root: Path
    github: GitHub
    programs: Programs
    tools: Path
    environment: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    runs: int = 1000
    cold: bool = False
    bare: frozenset[str] = frozenset()

    def commit(self, message: str) -> None:
        """Commit everything in the user's clone, whatever it is, and push it."""
        self.project.run("git", "add", "--all")
        self.project.run("git", "commit", "--quiet", "--allow-empty", "--message", message)
        self.project.run("git", "push", "--quiet", "origin", "HEAD")

    def push(self, message: str, workflow: str = "cml", **event: Any) -> Results:
        """Commit and push; run a workflow for that push."""
        self.commit(message)
        return self.start(workflow, message=message, **event)

    def start(self, workflow: str = "cml", **event: Any) -> Results:
        """Run a workflow for the commit that a branch or tag has on GitHub."""
        self.runs += 1
        ref = event.setdefault("ref", "refs/heads/main")
        sha = self.git("rev-parse", f"{ref}^{{commit}}")
        path = self.project.path / f".github/workflows/{workflow}.yaml"
        results = self._runner().run(path, Event(sha, run_id=self.runs, **event))
        logs = "".join(job.log + job.summary for job in results.values())
        assert not [secret for secret in (*SECRETS.values(), TOKEN) if secret in logs]
        return results

    def git(self, *arguments: str) -> str:
        """Ask the origin."""
        return run(self.origin, "git", *arguments).strip()

    def show(self, path: str, revision: str = "main") -> str:
        """Return a file as the origin has it."""
        return self.git("show", f"{revision}:{path}")

    def subjects(self, branch: str = "main") -> list[str]:
        """Return the messages of a branch's commits, the latest first."""
        return self.git("log", "--format=%s", branch).splitlines()

    def _runner(self) -> Runner:
        plain = actions.with_outputs()
        doubles = {
            "actions/attest-build-provenance": plain,
            "actions/checkout": actions.checkout(self.origin),
            "actions/create-github-app-token": actions.with_outputs({"token": APP_TOKEN}),
            "actions/download-artifact": actions.downloaded(self.root / f"artifacts-{self.runs}"),
            "actions/setup-python": actions.with_path(self.tools),
            "actions/upload-artifact": actions.uploaded(self.root / f"artifacts-{self.runs}"),
            "google-github-actions/auth": plain,
            "hashicorp/setup-terraform": plain,
        }
        return Runner(
            root=self.root / f"machines-{self.runs}",
            actions={name: actions.recorded(self.used, name, doubles[name]) for name in doubles},
            environment=self.github.environment | self.programs.environment | self.environment,
            variables={"CML_SHA256": _sha256(self.programs.cml), **self.variables},
            secrets=SECRETS,
            lost=self.lost,
            prepare=self._equip,
            of_job=self._of_job,
        )

    def _of_job(self, job: str) -> dict[str, str]:
        # No job may change the environment that all share.
        found = {"UV_NO_SYNC": "1"} if job in EQUIPPED - self.bare else {}
        if job not in EQUIPPED:
            found["UV_PROJECT_ENVIRONMENT"] = str(_made_once(job))
        if job == "train" and self.variables.get("GCP_PROJECT"):  # on a VM, where CML brings itself
            path = f"{self.programs.cml.parent}{os.pathsep}{self.programs.environment['PATH']}"
            found["PATH"] = path
        return found

    def _equip(self, job: str, workspace: Path) -> None:
        """Give a job the common environment, which a real machine would take minutes to make."""
        if job in EQUIPPED - self.bare:
            real = self.project.environment.folder
            (workspace / ".venv").symlink_to(real if self.cold else warm.environment(real))
            (workspace / "uv.lock").touch()


@cache
def _made_once(job: str) -> Path:
    """Return where `uv run` keeps a job's environment: the first of its runs makes it."""
    return Path(tempfile.mkdtemp()) / job


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
