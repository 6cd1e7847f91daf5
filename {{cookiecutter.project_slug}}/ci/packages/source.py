"""The commit that is packaged: what Git has of it, never what lies in the working tree."""

import io
import subprocess
import zipfile
from pathlib import Path

from src.utils.utils import UserError

SHOWN = 5


def commit() -> str:
    """Return the commit of this clean checkout.

    Raises:
        UserError: there is no Git or no commit, or files differ from it.
    """
    try:
        head = _git("rev-parse", "--verify", "--quiet", "HEAD").decode().strip()
    except FileNotFoundError:
        raise UserError("git is not installed, and a package is built from a commit.") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode().strip().partition("\n")[0]
        raise UserError(
            f"There is no commit to build the package from{said and f' ({said})'}: "
            "`git add . && git commit`."
        ) from None
    options = ("--porcelain", "--untracked-files=all")
    changed = _git("-c", "core.quotePath=false", "status", *options, "--", ".").decode()
    if files := [line[3:] for line in changed.splitlines()]:
        more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
        raise UserError(
            f"The package would be that of commit {head[:10]}, without what changed since: "
            f"{', '.join(files[:SHOWN])}{more}; commit it, or have Git ignore it."
        )
    return head


def commit_time(revision: str) -> int:
    """Return when a commit was made, in seconds since 1970."""
    return int(_git("log", "-1", "--format=%ct", revision))


def export(revision: str, folder: Path) -> None:
    """Write a commit's files into a folder, with the same line breaks on every machine."""
    options = ("-c", "core.autocrlf=false", "-c", "core.eol=lf")
    archive = _git(*options, "archive", "--format=zip", revision)
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        file.extractall(folder)


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], capture_output=True, check=True).stdout
