"""Runs `gcloud`, and prints each command as one would paste it."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelyard.errors import UserError
from modelyard.redaction import redacted

# Nobody answers when gcloud asks whether to turn an API on: it must fail instead.
QUIET = {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
# A new account or pool is not known everywhere at once; seconds between two tries.
# https://cloud.google.com/iam/docs/service-accounts-create
WAITS = (5, 10, 20, 30)


class Console:
    """What is done in one project.

    Attributes:
        project: the project's ID.
        of_project: the option that names it.
        rehearsal: whether commands are only printed, and nothing is asked.
        notes: sentences to print at the end.
        problems: what failed while the rest went on; any makes the exit status 1.
    """

    def __init__(self, project: str, *, rehearsal: bool) -> None:
        """Begin without notes and problems."""
        self.project = project
        self.of_project = f"--project={project}"
        self.rehearsal = rehearsal
        self.notes: list[str] = []
        self.problems: list[str] = []

    def run(self, *command: str, file: tuple[str, str] | None = None) -> None:
        """Print and run a command, where a file of this name and content lies.

        Raises:
            UserError: it failed; what it said has gone to standard error.
        """
        if file:
            print(f"echo {shlex.quote(file[1])} >{file[0]}")
        self._print(command)
        if self.rehearsal:
            return
        with TemporaryDirectory() as folder:
            if file:
                Path(folder, file[0]).write_text(file[1], "utf-8")
            done = _run(command, cwd=folder)
            for seconds in WAITS:
                if done.returncode and "does not exist" in done.stderr:
                    time.sleep(seconds)
                    done = _run(command, cwd=folder)
        if done.returncode:  # else gcloud's hints, such as to open ports, would mislead
            print(redacted(done.stderr), end="", file=sys.stderr)
            raise UserError(
                f"`{' '.join(command[:4])}` failed; correct what it says and run this again: it "
                "goes on."
            )

    def attempt(self, *command: str) -> str:
        """Print and run a command; return the last line it said if it failed, else nothing."""
        self._print(command)
        done = None if self.rehearsal else _run(command)
        return _last_line(done.stderr) if done and done.returncode else ""

    def ask(self, *command: str) -> Any:
        """Return what a command answers, as JSON; None if it fails, as for what does not exist."""
        done = None if self.rehearsal else _run((*command, "--format=json"))
        return json.loads(done.stdout or "null") if done and not done.returncode else None

    def must_ask(self, *command: str, hint: str) -> Any:
        """Return what a command answers, as JSON.

        Raises:
            UserError: it fails; with the hint what to do.
        """
        done = _run((*command, "--format=json"))
        if done.returncode:
            said = f"`{shlex.join(command)}` failed ({_last_line(done.stderr)})"
            raise UserError(f"{said}; {hint}.")
        return json.loads(done.stdout)

    def stands_for(self, placeholder: str, *command: str) -> None:
        """Note which command prints what a placeholder of a rehearsal stands for."""
        self.notes.append(f"{placeholder} stands for what `{shlex.join(command)}` prints.")

    def _print(self, command: tuple[str, ...]) -> None:
        print(shlex.join(command), flush=True)


def there(answer: Any) -> bool:
    """Say whether what was asked for exists; deleted pools, providers and roles are still shown."""
    return answer is not None and answer.get("state") != "DELETED" and not answer.get("deleted")


def _run(command: tuple[str, ...], cwd: str | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
        cwd=cwd, env=os.environ | QUIET, check=False,
    )  # fmt: skip


def _last_line(said: str) -> str:
    return redacted((said.strip().splitlines() or ["it said nothing"])[-1].strip())
