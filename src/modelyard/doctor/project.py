"""The project's own files: Git's state, and the configuration."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from .environment import FOLDER
from .finding import Finding, error, left, ok, warning
from .programs import ask, clean, installed
from .situation import Situation

MOST = 5  # mistakes of the configuration that are listed
# A project has most of them; half set up or damaged, it still has some.
MARKS = ("config.yaml", "dvc.yaml", "models", "pyproject.toml", "run.sh", "setup.sh", "src")
ENOUGH = 4


def is_project(folder: Path) -> bool:
    """Say whether a folder is that of a project, whatever state it is in."""
    return sum((folder / name).exists() for name in MARKS) >= ENOUGH


def repository(situation: Situation) -> Iterator[Finding]:
    """Look for a repository with a commit, and for its remote."""
    if not installed("git"):
        yield left("repository", "not looked at, as git is not installed")
        return
    inside = ask("git", "rev-parse", "--show-toplevel")
    if "dubious ownership" in inside.err:
        mend = f"git config --global --add safe.directory {shlex.quote(str(Path.cwd()))}"
        yield error("repository", "Git does not trust a folder of another user", mend)
        return
    if inside.code:
        yield error("repository", "this folder is not in a Git repository", "git init")
        return
    if Path(inside.out.strip()).resolve() != Path.cwd().resolve():
        found = f"this folder is part of the repository {clean(inside.out)}, whose workflows count"
        yield warning("repository", found, "git init")
    yield from _commit(situation)


def _commit(situation: Situation) -> Iterator[Finding]:
    head = ask("git", "rev-parse", "--quiet", "--verify", "--short", "HEAD")
    if ask("git", "var", "GIT_COMMITTER_IDENT").code:
        mend = "git config --global user.name NAME && git config --global user.email ADDRESS"
        yield warning("repository", "Git does not know who commits", mend)
    if head.code:
        found = "no commit yet, so a model cannot name the one that it was trained from"
        yield warning("repository", found, 'git add . && git commit -m "First"')
        return
    branch = ask("git", "branch", "--show-current").out
    remote = clean(situation.origin) or "none"
    yield ok("repository", f"{clean(head.out)} on {clean(branch) or 'no branch'}, origin: {remote}")


def configuration(situation: Situation) -> Iterator[Finding]:
    """Run `modelyard check` in the project's environment."""
    there = situation.environment
    if there is None or "modelyard" not in there.versions or not there.python.is_file():
        yield left("configuration", f"not looked at, as {FOLDER} lacks the engine")
        return
    answer = ask(str(there.python), "-m", "modelyard", "check")
    said = [clean(line) for line in answer.err.splitlines()]
    mistakes = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    for line in said:
        if line.startswith("warning: "):
            yield warning("configuration", line.removeprefix("warning: ").rstrip("."))
    for line in mistakes[:MOST]:
        yield error("configuration", line.rstrip("."), "")
    if answer.code and len(mistakes) not in range(1, MOST + 1):
        more = f"{len(mistakes) - MOST} more mistakes" if mistakes else answer.last
        yield error("configuration", more, "modelyard check")
    elif not answer.code:
        yield ok("configuration", clean(answer.out).rstrip("."))
