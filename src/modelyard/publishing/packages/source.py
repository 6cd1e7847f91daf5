"""The commit that is packaged: what Git has of it, never what lies in the working tree."""

import io
import zipfile
from pathlib import Path

from modelyard.errors import UserError
from modelyard.git import git, run_git

MOST_NAMED = 5


def commit() -> str:
    """Return the commit of this clean checkout.

    Raises:
        UserError: there is no Git or no commit, or files differ from it.
    """
    done = run_git("rev-parse", "--verify", "--quiet", "HEAD")
    if done.returncode:
        said = done.stderr.decode().strip().partition("\n")[0]
        raise UserError(
            f"There is no commit to build the package from{said and f' ({said})'}: "
            "`git add . && git commit`."
        )
    head = done.stdout.decode().strip()
    options = ("--porcelain", "--untracked-files=all")
    changed = git("-c", "core.quotePath=false", "status", *options, "--", ".")
    if files := [line[3:] for line in changed.splitlines()]:
        more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
        raise UserError(
            f"The package would be that of commit {head[:10]}, without what changed since: "
            f"{', '.join(files[:MOST_NAMED])}{more}; commit it, or have Git ignore it."
        )
    return head


def commit_time(revision: str) -> int:
    """Return when a commit was made, in seconds since 1970."""
    return int(git("log", "-1", "--format=%ct", revision))


def export(revision: str, folder: Path) -> None:
    """Write a commit's files into a folder, with the same line breaks on every machine."""
    options = ("-c", "core.autocrlf=false", "-c", "core.eol=lf")
    archive = run_git(*options, "archive", "--format=zip", revision).stdout
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        file.extractall(folder)
