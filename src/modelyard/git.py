"""Git, as every part of the engine asks it."""

import subprocess

from .errors import UserError
from .redaction import redacted


def run_git(*arguments: str, capture: bool = True) -> "subprocess.CompletedProcess[bytes]":
    """Run Git, whatever its exit status; without `capture` it prints for the user.

    Raises:
        UserError: Git is not installed.
    """
    try:
        return subprocess.run(["git", *arguments], capture_output=capture, check=False)
    except FileNotFoundError:
        raise UserError("git is not installed.") from None


def git(*arguments: str) -> str:
    """Return what Git prints.

    Raises:
        UserError: Git is missing or fails; what it says.
    """
    done = run_git(*arguments)
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace")
        command = next(word for word in arguments if not word.startswith("-"))
        raise UserError(f"`git {command}` says: {redacted(' '.join(said.split()))}")
    return done.stdout.decode("utf-8", "surrogateescape")


def commit() -> str | None:
    """Return the commit that is checked out; None outside Git or before the first commit."""
    try:
        return head()
    except UserError:
        return None


def head() -> str:
    """Return the commit that is checked out.

    Raises:
        UserError: there is none, or no Git.
    """
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
