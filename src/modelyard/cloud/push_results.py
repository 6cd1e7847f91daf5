"""Commit the staged results into results.bundle, an artifact from which `cleanup` takes them.

The machine that trains runs the team's code and all its packages, so it never sees the GitHub App's
token, which is to push them: see deliver.py. A branch of the run would not do in between: GitHub
refuses a new one to a token without `workflows`, where its workflows are not the default branch's.
Writes their commit as `results` to $GITHUB_OUTPUT. Reads $MODEL, $GITHUB_REF_NAME, $GITHUB_TOKEN.
"""

import os
import re
import sys
from pathlib import Path
from subprocess import CompletedProcess

from modelyard.command import finish, take_no_options
from modelyard.errors import UserError
from modelyard.git import head, run_git

BUNDLE = Path("results.bundle")
# https://github.com/orgs/community/discussions/26560: the address of GitHub's own bot. cml.yaml
# starts no training for a commit of this author.
AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
# Git asks this for the password: the token is in no argument, no file and no remote's URL.
CREDENTIALS = (
    '!f() { test "$1" = get && echo username=x-access-token && echo "password=$GITHUB_TOKEN"; }; f'
)


def push_results(model: str, branch: str) -> str | None:
    """Write the staged results into the bundle; return their commit, None if nothing is new.

    Raises:
        UserError: Git could not commit or bundle them.
    """
    # A report names the commit it was made from, so it alone is never news.
    if bot_git("diff", "--cached", "--quiet", "--", ".", ":!reports").returncode == 0:
        print("The results are those that are committed; there is nothing to push.")
        return None
    _done(bot_git("commit", "--quiet", "--message", subject(model)))
    # The report shows pictures of this commit, so put it on top of what others pushed right away;
    # what cannot be put there is for deliver.py to say.
    if bot_git("fetch", "--quiet", "origin", f"refs/heads/{branch}").returncode == 0:
        rebase("--autostash", "FETCH_HEAD")
    _done(bot_git("bundle", "create", "--quiet", str(BUNDLE), "HEAD", "^HEAD~1"))
    return head()


def subject(model: str) -> str:
    """Return the message of the results' commit, in which no model's name can hold `[skip ci]`.

    GitHub would then start no workflow for this commit, nor for a tag on it, nor for a squash
    merge whose message quotes it:
    https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
    """
    name = re.sub(r"[^\w.-]+", "-", model)
    return f"Train {name}"


def rebase(*arguments: str, folder: str = ".") -> bool:
    """Rebase the checkout of a folder; say whether it worked, else leave it as it was."""
    if bot_git("-C", folder, "rebase", "--quiet", *arguments).returncode == 0:
        return True
    bot_git("-C", folder, "rebase", "--abort")
    return False


def bot_git(*arguments: str) -> CompletedProcess[bytes]:
    """Run Git as the bot, with the token of $GITHUB_TOKEN if there is one."""
    name, address = AUTHOR
    options = ["-c", f"user.name={name}", "-c", f"user.email={address}"]
    if os.environ.get("GITHUB_TOKEN"):
        options += ["-c", f"credential.helper={CREDENTIALS}"]
    return run_git(*options, *arguments, capture=False)


def _done(result: CompletedProcess[bytes]) -> None:
    if result.returncode:
        raise UserError("The results could not be committed; what Git said is above.")


def _push() -> bool:
    commit = push_results(os.environ["MODEL"], os.environ["GITHUB_REF_NAME"])
    if commit and (output := os.environ.get("GITHUB_OUTPUT")):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"results={commit}\n")
    return True


def main(arguments: list[str] | None = None) -> int:
    """Commit and bundle; return 1 after a sentence if Git could not."""
    take_no_options("cloud push-results", __doc__, arguments)
    return finish(_push)


if __name__ == "__main__":
    sys.exit(main())
