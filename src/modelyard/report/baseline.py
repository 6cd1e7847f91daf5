"""The results that a change is compared with: those of the base branch."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import UserError
from modelyard.git import git
from modelyard.strict_yaml import parse_yaml


@dataclass(frozen=True)
class Baseline:
    """One commit whose files are compared with the working tree's.

    Attributes:
        commit: None where there is nothing to compare with.
        name: what it is, for people; why there is none where there is none.
        rules: the commit whose acceptance is in force.
    """

    commit: str | None
    name: str
    rules: str | None = None

    def json(self, path: Path) -> Any:
        """Return a JSON file as the commit holds it, None if it has none."""
        text = self.text(path)
        try:
            return None if text is None else json.loads(text)
        except json.JSONDecodeError:
            return None

    def yaml(self, path: Path) -> Any:
        """Return a YAML file as the commit holds it, None if it has none."""
        text = self.text(path)
        try:
            return None if text is None else parse_yaml(text)
        except ValueError:
            return None

    def acceptance(self, path: Path) -> Any:
        """Return the acceptance in force by a configuration file, None if there is none."""
        in_force = Baseline(self.rules, self.name)
        return (in_force.yaml(path) or {}).get("acceptance")

    def text(self, path: Path) -> str | None:
        """Return a file as the commit holds it, None if it has none."""
        return _git("show", f"{self.commit}:./{path.as_posix()}") if self.commit else None


def find_baseline(base: str | None, results: Path, *, elsewhere: bool = False) -> Baseline:
    """Return what to compare a file of results with.

    That is the base branch's latest results and the configuration they were made with; but where
    the working tree is the base branch, which would be compared with itself, those before; unless
    what is compared lies `elsewhere`.

    Raises:
        UserError: `base` is given and no commit.
    """
    name = base or ("origin/HEAD" if _commit("origin/HEAD") else "HEAD")
    tip = _commit(name)
    if tip is None and base:
        raise UserError(
            f"command line: --base is {base!r}, which is not a commit in this clone; name a "
            "branch, or fetch it (`git fetch origin`; in a workflow `fetch-depth: 0`)."
        )
    if tip is None:
        return Baseline(None, "no baseline: nothing is committed yet")
    versions = (_git("log", "-2", "--format=%H", tip, "--", str(results)) or "").split()
    itself = tip == _commit("HEAD")
    if itself and not elsewhere and _unchanged(results):
        versions, name = versions[1:], f"{name}, the results before these"
    if not versions and _git("rev-parse", "--is-shallow-repository") == "true":
        return Baseline(None, "no baseline: this clone is shallow; `git fetch --unshallow`")
    if not versions:
        return Baseline(None, "no baseline: these results are the first")
    return Baseline(versions[0], f"{name} ({versions[0][:7]})", versions[0] if itself else tip)


def _commit(name: str) -> str | None:
    return _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def _unchanged(path: Path) -> bool:
    return _git("status", "--porcelain", "--", str(path)) is None


def _git(*arguments: str) -> str | None:
    """Return what Git prints, None if that is nothing or it fails."""
    try:
        return git(*arguments).strip() or None
    except UserError:
        return None
