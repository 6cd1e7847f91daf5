"""GitHub's self-hosted runners of this repository, registered just in time for one job.

https://docs.github.com/en/rest/actions/self-hosted-runners
"""

import re
import sys
from typing import Any, NamedTuple
from urllib.parse import quote

from ..github_api import MOMENTARY, GitHubError, ask
from ..vm import VMError, setting

NOT_FOUND = 404
DEFAULT_GROUP = 1  # the only one of a repository
CONFIG = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
URL = re.compile(r"https://github\.com/actions/runner/releases/download/[A-Za-z0-9._/-]+\.tar\.gz")
SHA256 = re.compile(r"[0-9a-f]{64}")
REFUSED = {
    401: "the token has ended or was revoked",
    403: "the token may not, or the organisation forbids runners of a repository; it needs "
         "Administration: read and write on this repository",
    404: "the token does not see this repository, or may not register runners there: it needs "
         "Administration: read and write",
    409: "a runner of this name is registered already; start the run anew",
}  # fmt: skip


class Runner(NamedTuple):
    """A registration.

    Attributes:
        number: by which GitHub knows it.
        config: a secret with which one machine can be this runner, once.
    """

    number: int
    name: str
    config: str

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"Runner({self.number}, {self.name!r})"


def register(name: str, labels: list[str]) -> Runner:
    """Register a runner that does one job.

    Raises:
        VMError: GitHub refuses; the message says what to change.
    """
    body = {
        "name": name,
        "runner_group_id": DEFAULT_GROUP,
        "labels": labels,
        "work_folder": "_work",
    }
    try:
        answer = ask(setting("REPO_TOKEN"), "POST", "actions/runners/generate-jitconfig", body)
    except GitHubError as error:
        why = REFUSED.get(error.code)
        raise VMError(f"No runner could be registered: {why or error}.") from None
    number, config = answer["runner"]["id"], answer["encoded_jit_config"]
    if not isinstance(number, int) or not CONFIG.fullmatch(config):
        raise VMError("GitHub's answer to the registration of a runner has another form than ever.")
    return Runner(number, name, config)


def is_online(number: int) -> bool:
    """Say whether a registered runner waits for its job, or does it."""
    try:
        return bool(_get(f"actions/runners/{number}")["status"] == "online")
    except GitHubError as error:
        if error.code and error.code not in MOMENTARY:
            raise
        return False  # whoever asks will ask again


def is_there(name: str) -> bool:
    """Say whether a runner of this name still waits or works; one that is done is forgotten."""
    found = _get(f"actions/runners?name={quote(name, safe='')}")["runners"]
    return any(one["name"] == name and one["status"] == "online" for one in found)


def remove(runner: Runner) -> None:
    """Take back a registration; that it is gone already is no mistake."""
    try:
        ask(setting("REPO_TOKEN"), "DELETE", f"actions/runners/{runner.number}")
    except GitHubError as error:
        if error.code != NOT_FOUND:
            print(
                f"warning: the runner {runner.name} is still registered ({error}); GitHub forgets "
                "it after a day offline.",
                file=sys.stderr,
            )


def program() -> tuple[str, str]:
    """Return the address and the SHA-256 of GitHub's newest runner for Linux on x64.

    Raises:
        UserError: GitHub does not say, or says something else than that.
    """
    for one in _get("actions/runners/downloads"):
        if (one["os"], one["architecture"]) == ("linux", "x64"):
            url, checksum = one["download_url"], one.get("sha256_checksum") or ""
            if URL.fullmatch(url) and SHA256.fullmatch(checksum):
                return url, checksum
    raise VMError("GitHub names no runner for Linux on x64 with its SHA-256; try later.")


def _get(path: str) -> Any:
    return ask(setting("REPO_TOKEN"), "GET", path)
