"""Commit what is staged, without starting CI again, and push it whoever else pushed meanwhile.

Writes `pushed` to $GITHUB_OUTPUT. Reads $MODEL, $GITHUB_REF_NAME and $GITHUB_TOKEN.
"""

import os
import sys
import time
from pathlib import Path
from subprocess import CompletedProcess

from modelyard.command import finish, take_no_options
from modelyard.errors import UserError
from modelyard.git import run_git

TRIES = 5
# https://github.com/orgs/community/discussions/26560: the address of GitHub's own bot
AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
# Git asks this for the password: the token is in no argument, no file and no remote's URL.
CREDENTIALS = (
    '!f() { test "$1" = get && echo username=x-access-token && echo "password=$GITHUB_TOKEN"; }; f'
)


def push_results(model: str, branch: str) -> bool:
    """Push the staged results; return whether there was anything new.

    Raises:
        UserError: others changed the same files; the results are on a branch of their own then.
    """
    # A report names the commit it was made from, so it alone is never news.
    if bot_git("diff", "--cached", "--quiet", "--", ".", ":!reports").returncode == 0:
        print("The results are those that are committed; there is nothing to push.")
        return False
    _done(bot_git("commit", "--quiet", "--message", f"Train {model} [skip ci]"))
    for attempt in range(TRIES):
        if bot_git("push", "origin", f"HEAD:refs/heads/{branch}").returncode == 0:
            return True
        _rebase(branch)
        time.sleep(2**attempt - 1)
    raise UserError(
        f"The results were pushed to {_set_aside()}, because {branch} refused them {TRIES} times; "
        "what Git said is above."
    )


def _rebase(branch: str) -> None:
    """Put the results on top of what others pushed."""
    if bot_git("fetch", "origin", f"refs/heads/{branch}").returncode:
        return
    if bot_git("rebase", "--quiet", "--autostash", "FETCH_HEAD").returncode == 0:
        return
    bot_git("rebase", "--abort")
    raise UserError(
        f"Somebody else changed the same results on {branch} meanwhile; these are on the branch "
        f"{_set_aside()}: merge it, or train again."
    )


def _set_aside() -> str:
    """Push the results to a branch of their own, so that they are not lost; return its name."""
    name = f"cml-results-{os.environ.get('GITHUB_RUN_ID') or int(time.time())}"
    _done(bot_git("push", "origin", f"HEAD:refs/heads/{name}"))
    return name


def bot_git(*arguments: str) -> CompletedProcess[bytes]:
    """Run Git as the bot, with the job's token if there is one."""
    name, address = AUTHOR
    options = ["-c", f"user.name={name}", "-c", f"user.email={address}"]
    if os.environ.get("GITHUB_TOKEN"):
        options += ["-c", f"credential.helper={CREDENTIALS}"]
    return run_git(*options, *arguments, capture=False)


def _done(result: CompletedProcess[bytes]) -> None:
    if result.returncode:
        raise UserError("The results could not be committed or pushed; what Git said is above.")


def _push() -> bool:
    pushed = push_results(os.environ["MODEL"], os.environ["GITHUB_REF_NAME"])
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"pushed={str(pushed).lower()}\n")
    return True


def main(arguments: list[str] | None = None) -> int:
    """Push; return 1 after a sentence on where the results are instead."""
    take_no_options("cloud push-results", __doc__, arguments)
    return finish(_push)


if __name__ == "__main__":
    sys.exit(main())
