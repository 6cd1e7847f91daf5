"""Put a run's results onto the branch that they were trained for, with the GitHub App's token.

A push with the App's token starts ci.yaml and docs.yaml as anybody's does. One with the job's own
starts nothing, so they are dispatched then, and ci.yaml says what came out as commit statuses:
https://docs.github.com/en/actions/concepts/security/github_token. This runs on a machine of
GitHub's after the training, so that no code of a training can read the App's key or token.
"""

import os
import tempfile
import time
from pathlib import Path

from modelyard.git import git, run_git

from .push_results import BUNDLE, bot_git, rebase
from .vm import VMError, setting

# A folder of its own: what a training has made must not overwrite what runs here.
RECEIVED = Path(".results") / BUNDLE
TRIES = 5


def waiting() -> bool:
    """Say whether this run has results, which cml.yaml has fetched as its artifact."""
    return RECEIVED.is_file()


def deliver() -> bool:
    """Put the results onto their branch; say whether that started ci.yaml and docs.yaml.

    Raises:
        VMError: where the results are instead, and what to do.
    """
    app = os.environ.get("APP_TOKEN", "").strip()
    os.environ["GITHUB_TOKEN"] = app or os.environ.get("GH_TOKEN", "")  # which Git asks for
    if bot_git("fetch", "--quiet", str(RECEIVED), "HEAD").returncode:
        raise VMError(f"The results of this run cannot be read, Git says why above. {_kept()}")
    commit = git("rev-parse", "FETCH_HEAD").strip()
    with tempfile.TemporaryDirectory() as folder:  # the engine runs from a file of this checkout
        tree = str(Path(folder, "results"))
        if bot_git("worktree", "add", "--quiet", "--detach", tree, commit).returncode:
            raise VMError(f"The results cannot be checked out, Git says why above. {_kept()}")
        _push(tree, setting("GITHUB_REF_NAME"))
        run_git("worktree", "remove", "--force", tree)
    return bool(app)


def _push(tree: str, branch: str) -> None:
    """Push what is checked out in a folder onto a branch, whoever else pushes meanwhile."""
    for attempt in range(TRIES):
        pushed = bot_git("-C", tree, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        if pushed.returncode == 0:
            return
        if bot_git("fetch", "--quiet", "origin", f"refs/heads/{branch}").returncode == 0:
            tip = git("rev-parse", "FETCH_HEAD").strip()
            if not rebase(tip, folder=tree):
                raise VMError(
                    f"Somebody else changed the same results on {branch} meanwhile; "
                    f"{_set_aside(tree)} Merge them, or train again."
                )
        time.sleep(2**attempt - 1)
    raise VMError(
        f"{branch} refused the results {TRIES} times; what Git said is above; {_set_aside(tree)} "
        "Open a pull request of them; for a protected branch, train on one of your own (the "
        "documentation, Protected branches)."
    )


def _set_aside(tree: str) -> str:
    """Push the results to a branch of their own, so that they can be merged; say where they are."""
    name = f"cml-results-{setting('GITHUB_RUN_ID')}"
    pushed = bot_git("-C", tree, "push", "--quiet", "origin", f"+HEAD:refs/heads/{name}")
    return f"these are on the branch {name}." if pushed.returncode == 0 else _kept()


def _kept() -> str:
    run = setting("GITHUB_RUN_ID")
    return (
        f"They are this run's artifact: `gh run download {run} --name results`, then "
        f"`git pull {BUNDLE} HEAD`."
    )
