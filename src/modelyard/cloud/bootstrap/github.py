"""Which repository of GitHub may sign in: its numbers, which nobody else can ever get.

A name that is given up can be taken by somebody else; repository and owner keep their IDs.
https://docs.github.com/en/actions/reference/security/oidc
"""

import json
import re
import subprocess
from typing import Any, NamedTuple

from modelyard.errors import UserError

from .console import Console
from .options import NAME, Options


class Repository(NamedTuple):
    """A repository as GitHub's token names it in its claims."""

    name: str
    id: str
    owner_id: str


def read_repository(console: Console, options: Options) -> Repository:
    """Return the repository with its IDs: those given, or what `gh` says.

    Raises:
        UserError: neither is there, or GitHub calls the repository otherwise.
    """
    name = options.repository
    if options.repository_id:
        return Repository(name, options.repository_id, options.owner_id)
    if options.rehearsal:
        for placeholder, field in (("REPOSITORY_ID", ".id"), ("OWNER_ID", ".owner.id")):
            console.stands_for(placeholder, *_question(name), f"--jq={field}")
        return Repository(name, "REPOSITORY_ID", "OWNER_ID")
    answer = _ask(name)
    called = str(answer["full_name"])
    if called != name:  # renamed, transferred, or another case: the token says what GitHub says
        known = called if re.fullmatch(NAME, called) else "otherwise"
        raise UserError(f"--repository is {name!r}, which GitHub calls {known}; write that.")
    return Repository(name, str(int(answer["id"])), str(int(answer["owner"]["id"])))


def _ask(name: str) -> Any:
    try:
        done = subprocess.run(_question(name), capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        raise UserError(_by_hand("gh is not installed", name)) from None
    if done.returncode:
        raise UserError(_by_hand(f"gh cannot read {name} (`gh auth login`?)", name))
    return json.loads(done.stdout)


def _question(name: str) -> tuple[str, ...]:
    return ("gh", "api", "--hostname=github.com", f"repos/{name}")


def _by_hand(why: str, name: str) -> str:
    return (
        f"{why}: give --repository-id and --owner-id, which are the fields `id` and `owner.id` of "
        f"https://api.github.com/repos/{name}."
    )
