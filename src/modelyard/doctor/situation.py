"""What several looks need: read once, whatever it is."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from modelyard.redaction import redacted

from .environment import Environment, find_environment, read_stamp
from .programs import SilentError, ask, installed, read

WORKFLOWS = Path(".github/workflows")
CML = WORKFLOWS / "cml.yaml"
# https://github.com/OWNER/NAME, git@github.com:OWNER/NAME.git, ssh://git@github.com/OWNER/NAME
GITHUB = re.compile(
    r"(?:^|@|//)(?:ssh\.)?github\.com(?::443/|[:/])([\w.-]+)/([\w.-]+?)(?:\.git)?/?$"
)
HEAD = re.compile(r"^env:.*\n((?:[ #].*\n|\n)*)", re.MULTILINE)
SETTING = re.compile(
    r"^  ([A-Z][A-Z0-9_]*):[ \t]*(?:\"([^\"]*)\"|'([^']*)'|([^#\n]*?))[ \t]*(?:#.*)?$"
)


@dataclass(frozen=True)
class Situation:
    """The project in the working directory.

    Attributes:
        network: whether servers may be asked.
    """

    network: bool

    @cached_property
    def environment(self) -> Environment | None:
        """Where its packages are; None where there is none, or its set-up has not ended."""
        stamp = read_stamp()
        return None if stamp and stamp.unfinished else find_environment()

    @cached_property
    def origin(self) -> str:
        """The address of Git's remote `origin`, without a password; empty if there is none."""
        if installed("git"):
            with suppress(SilentError):
                answer = ask("git", "remote", "get-url", "origin")
                return redacted(answer.out.strip()) if answer.code == 0 else ""
        return ""

    @cached_property
    def repository(self) -> str:
        """OWNER/NAME on GitHub; empty elsewhere."""
        found = GITHUB.search(self.origin)
        return "/".join(found.groups()) if found else ""

    @cached_property
    def settings(self) -> dict[str, str]:
        """The variables in the head of cml.yaml."""
        try:
            text = CML.read_text("utf-8")
        except (OSError, ValueError):
            return {}
        head = HEAD.search(text)
        found = filter(None, map(SETTING.match, head[1].splitlines() if head else []))
        return {one[1]: next((v for v in one.groups()[1:] if v), "").strip() for one in found}

    @cached_property
    def variables(self) -> dict[str, str]:
        """The variables that workflows of this repository are given, an organisation's included.

        Raises:
            SilentError: `gh` fails.
        """
        lines = self._listed("variables", '"\\(.name)=\\(.value)"')
        return dict(line.partition("=")[::2] for line in lines)

    @cached_property
    def secrets(self) -> set[str]:
        """The names of the secrets that they are given.

        Raises:
            SilentError: `gh` fails.
        """
        return set(self._listed("secrets", ".name"))

    @cached_property
    def project(self) -> str:
        """The project on Google Cloud; empty where none is known."""
        named = os.environ.get("GCP_PROJECT", "")
        if not named and self.network and self.repository and installed("gh"):
            with suppress(SilentError):
                named = self.variables.get("GCP_PROJECT", "")
        return named

    def _listed(self, kind: str, shown: str) -> list[str]:
        """List what a repository has, then what its organisation lends to it.

        `gh variable list` and `gh secret list` leave out the latter:
        https://docs.github.com/en/rest/actions/secrets#list-repository-organization-secrets
        """
        path = f"repos/{self.repository}/actions"
        command = ("gh", "api", "--paginate", "--jq", f".{kind}[] | {shown}")
        own = read(*command, f"{path}/{kind}", mend="gh auth login")
        answer = ask(*command, f"{path}/organization-{kind}")  # refused outside organisations
        return (own + (answer.out if answer.code == 0 else "")).splitlines()
