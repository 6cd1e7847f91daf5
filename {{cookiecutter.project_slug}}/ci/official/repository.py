"""What Git says of this checkout, whose commit is what gets published."""

import subprocess

from src.stores import reason
from src.utils.utils import UserError


def git(*arguments: str) -> str:
    """Return what Git prints.

    Raises:
        UserError: Git is missing or fails; what it says.
    """
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        raise UserError("git is not installed.") from None
    if done.returncode:
        raise UserError(f"`git {arguments[0]}` says: {' '.join(done.stderr.split())}")
    return done.stdout


def no_commit() -> str | None:
    """Say why there is no commit here, None if there is one."""
    try:
        head()
    except UserError as error:
        return reason(error)
    return None


def head() -> str:
    """Return the commit that is checked out."""
    return git("rev-parse", "--verify", "HEAD").strip()


def is_shallow() -> bool:
    """Say whether older commits are missing in this clone."""
    return git("rev-parse", "--is-shallow-repository").strip() == "true"


def check_identity() -> None:
    """Refuse to begin what ends with a tag that Git would not make.

    Raises:
        UserError: Git does not know who tags.
    """
    try:
        git("var", "GIT_COMMITTER_IDENT")
    except UserError:
        raise UserError(
            "Git does not know who tags the version; `git config user.name NAME` and "
            "`git config user.email ADDRESS` first."
        ) from None
