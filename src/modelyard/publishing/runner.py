"""A machine of GitHub's goes after each job, with the folders that something was published to."""

import os
from collections.abc import Iterable

FOLDER = "file://"


def warn_of_folders(what: str, urls: Iterable[str]) -> None:
    """Warn, on a machine of GitHub's, of folders that nobody reads when its job has ended.

    A runner of the team's own may share its folders, and is believed to.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    if os.environ.get("RUNNER_ENVIRONMENT") == "self-hosted":
        return
    for url in urls:
        if url.startswith(FOLDER):
            line = (
                f"{what} names {url}, a folder of this runner, which is deleted after the job: "
                "nobody can fetch from it. Name a bucket or a server."
            )
            # https://docs.github.com/actions/reference/workflow-commands-for-github-actions
            safe = line.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            print(f"::warning::{safe}", flush=True)
