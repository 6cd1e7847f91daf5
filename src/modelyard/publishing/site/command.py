"""Deploy the documentation site to the branch gh-pages, beside the versions that are there.

`release` deploys the version of pyproject.toml, `latest` what will be released some day. The newest
release is also `stable`, where the site's root leads. Without --push nothing leaves this machine.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelyard.cloud.push_results import AUTHOR, bot_git
from modelyard.command import finish
from modelyard.errors import UserError
from modelyard.git import run_git
from modelyard.publishing.packages.project import read_version
from modelyard.redaction import redacted

from .versions import LATEST, STABLE, release

BRANCH = "gh-pages"
REF = f"refs/heads/{BRANCH}"
TRIES = 3


class _RejectedError(Exception):
    """Somebody else deployed meanwhile."""


def deploy(what: str, *, push: bool) -> bool:
    """Build the site and commit it to gh-pages here; push the branch, if asked to.

    Raises:
        UserError: the site has a mistake, or origin refuses it; the branch is as it was then.
    """
    if not push:
        with _whole_branch():
            _commit(what)
        return True
    for _ in range(TRIES):
        _fetch()
        with suppress(_RejectedError), _whole_branch():
            _begin_with_origin()
            _commit(what)
            _push()
            return True
    raise UserError(f"origin refused {BRANCH} {TRIES} times; what Git said is above.")


def _commit(what: str) -> None:
    deployed = json.loads(_mike("list", "--json"))
    version = read_version()
    deployment = LATEST if what == LATEST.title else release(version, deployed)
    if deployment is None:
        print(f"Nothing to do: the site shows a later patch than {version} already.")
        return
    aliases = [STABLE] if deployment.stable else []
    title = f"--title={deployment.title}"
    _mike("deploy", "--update-aliases", title, deployment.key, *aliases)
    for key, new in deployment.retitled.items():
        _mike("retitle", key, new)
    stable = deployment.stable or any(STABLE in one["aliases"] for one in deployed)
    _mike("set-default", STABLE if stable else deployment.key)
    print(f"{BRANCH}: {deployment.title} is in {deployment.key}/; `mike serve` shows it.")


def _fetch() -> None:
    # With * it is not an error that nobody has deployed yet.
    refs = f"+{REF}*:refs/remotes/origin/{BRANCH}*"
    if bot_git("fetch", "--quiet", "--prune", "origin", refs).returncode:
        raise UserError("origin cannot be asked for the versions there; what Git said is above.")


def _begin_with_origin() -> None:
    """Drop what was deployed here to be looked at: it is built again, upon what others see."""
    theirs = f"refs/remotes/origin/{BRANCH}"
    if bot_git("show-ref", "--verify", "--quiet", theirs).returncode == 0:
        bot_git("update-ref", REF, theirs)


def _push() -> None:
    if bot_git("push", "--quiet", "origin", REF).returncode:
        raise _RejectedError


@contextmanager
def _whole_branch() -> Iterator[None]:
    """Leave the branch as it was unless the block succeeds."""
    before = run_git("rev-parse", "--verify", "--quiet", REF).stdout.decode().strip()
    try:
        yield
    except BaseException:
        bot_git("update-ref", *([REF, before] if before else ["-d", REF]))
        raise


def _mike(*arguments: str) -> str:
    """Run mike, with the mkdocs of this environment; return what it prints."""
    programs = Path(sys.executable).parent
    environment = {
        **_identity(),
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "NO_MKDOCS_2_WARNING": "1",
    }
    command = [str(programs / "mike"), *arguments]  # with --quiet nothing would be strict
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, check=False, encoding="utf-8"
        )
    except FileNotFoundError:
        raise UserError("mike is not installed here; run `sh setup.sh`.") from None
    if done.returncode:
        print(redacted(done.stderr), end="", file=sys.stderr)
        raise UserError(
            f"The site was not deployed, {BRANCH} is as it was: `mike {arguments[0]}` says why, "
            "above."
        )
    return done.stdout


def _identity() -> dict[str, str]:
    """Return who commits where Git knows nobody, as on a runner."""
    known = run_git("config", "user.email")
    names = ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    return {} if known.returncode == 0 else dict(zip(names, AUTHOR, strict=True))


def main(arguments: list[str] | None = None) -> int:
    """Deploy; return 1 after a sentence on why not."""
    parser = argparse.ArgumentParser(prog="modelyard site", description=__doc__)
    parser.add_argument("what", choices=[LATEST.title, "release"])
    parser.add_argument("--push", action="store_true", help=f"push {BRANCH} to origin, too")
    options = parser.parse_args(arguments)
    return finish(lambda: deploy(options.what, push=options.push))


if __name__ == "__main__":
    sys.exit(main())
