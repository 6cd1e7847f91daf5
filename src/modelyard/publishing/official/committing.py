"""Commits of a few files, whatever else is changed here, by one process of a clone at a time."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from modelyard.errors import UserError
from modelyard.git import commit, git

LOCK = "modelyard-publish.lock"


def commit_only(paths: Sequence[Path], message: str, then: str = "goes on") -> str | None:
    """Commit some files or folders and nothing else, whatever is staged.

    Returns:
        The commit; None if HEAD holds them as they are.

    Raises:
        UserError: Git refuses; `then` says what the same command does when that is mended.
    """
    names = list(map(str, paths))
    try:
        git("add", "--", *names)
        if not git("diff", "--cached", "--name-only", "HEAD", "--", *names):
            return None
        git("commit", "--quiet", "--message", message, "--", *names)
    except UserError as error:
        raise UserError(
            f"{names[0]} is written, but not committed: {str(error).rstrip('.')}; mend that, then "
            f"the same command {then}."
        ) from None
    return commit()


def how_to_push(made: str | None, tag: str | None) -> str:
    """Return the command that shows all others a commit and a tag made here."""
    branch = git("branch", "--show-current").strip()
    pushed = [name for name in (branch and made and "HEAD", tag) if name]
    if not pushed:
        return "`git switch -c NAME`: HEAD is detached, no branch holds this commit"
    return f"git push origin {' '.join(map(shlex.quote, pushed))}"


@contextmanager
def alone() -> Iterator[None]:
    """Let no other publisher of this clone write, commit or tag meanwhile."""
    from filelock import FileLock

    if commit() is None:
        yield
        return
    folder = git("rev-parse", "--path-format=absolute", "--git-common-dir").strip()
    with FileLock(Path(folder, LOCK)):
        yield
