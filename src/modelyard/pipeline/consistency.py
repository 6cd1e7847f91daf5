"""Are the results in Git those of this code, data and configuration, and can they be fetched?"""

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Any

from modelyard.command import finish
from modelyard.config.loading import check_all, load_project
from modelyard.errors import UserError
from modelyard.redaction import redacted

from .model_inputs import check_inputs
from .remote import Remote
from .tracked import not_in_git, untracked_dependencies, untracked_root

MOST_NAMED = 10


def outdated(target: str | None = None, *, allow_missing: bool = True) -> list[str]:
    """Return the stages that `dvc repro TARGET` (default: all) would run; nothing is fetched.

    Args:
        target: a dvc.yaml or a stage.
        allow_missing: what a stage wrote and is not here is no reason to run it.

    Raises:
        UserError: DVC cannot read the pipeline.
    """
    from dvc.exceptions import DvcException  # takes a third of a second
    from dvc.repo import Repo

    found: list[str] = []

    def note(stage: Any, upstream: Any, **_: object) -> Any:
        if not stage.changed(allow_missing=allow_missing, upstream=upstream):
            return None
        found.append(stage.addressing)
        return stage

    logging.getLogger("dvc.repo.reproduce").setLevel(logging.WARNING)  # it prints empty lines
    try:
        Repo().reproduce(target, all_pipelines=target is None, dry=True, repro_fn=note)
    except DvcException as error:
        raise UserError(f"DVC cannot read the pipeline: {_line(error)}") from None
    return found


def not_pushed() -> list[str]:
    """Return the artifacts that dvc.lock or a .dvc file names and the remote does not have.

    Raises:
        UserError: DVC cannot ask its remote.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        status: dict[str, Any] = Repo().data_status(not_in_remote=True, remote_refresh=True)
    except (DvcException, OSError) as error:
        raise UserError(f"DVC cannot ask its remote: {_line(error)}") from None
    return sorted(status.get("not_in_remote", []))


def untracked() -> list[str]:
    """Return a sentence for each thing that a clone would lack because nothing tracks it."""
    root = load_project().data.root
    problems = [one for one in [untracked_root(root)] if one]
    if missing := untracked_dependencies(root):
        problems.append(
            f"Stages depend on {listed(missing)}, tracked neither by DVC nor by Git: a clone would "
            "lack it. `git add` what is small, `dvc add` what is large, and commit."
        )
    if lacking := not_in_git():
        problems.append(
            f"Git lacks {listed(lacking)}: a clone would not know what DVC keeps. `git add` and "
            "commit."
        )
    return problems


def _line(error: Exception) -> str:
    """Return an error with its cause on one line."""
    return redacted(" ".join(f"{error} {error.__cause__ or ''}".split()))


def check(*, remote: bool) -> bool:
    """Name everything that is not as Git says.

    Raises:
        UserError: one line each for outdated stages and for artifacts nobody can fetch.
    """
    check_all()
    check_inputs()
    problems = untracked()
    if stages := outdated():
        problems.append(
            f"The results in Git are older than what they depend on: {listed(stages)} would run. "
            "`sh run.sh MODEL`, commit and `dvc push`; or push a commit whose message begins with "
            "[cml]."
        )
    if not remote:
        print("Not checked: whether the artifacts are in DVC's remote, which is not reached here.")
    elif (place := Remote()).elsewhere:
        print(f"Not checked: whether the artifacts can be fetched. {place.cure}")
    elif artifacts := not_pushed():
        problems.append(
            f"DVC's remote lacks {listed(artifacts)}: nobody else can fetch them. `dvc push` "
            "where they were made."
        )
    if problems:
        raise UserError("\n".join(problems))
    print("The results in Git are those of this code, data and configuration.")
    return True


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def main(arguments: list[str] | None = None) -> int:
    """Check; return 1 after a sentence for each kind of mistake."""
    parser = argparse.ArgumentParser(prog="modelyard consistency", description=__doc__)
    parser.add_argument("--remote", action="store_true", help="ask DVC's remote, too")
    options = parser.parse_args(arguments)
    return finish(lambda: check(remote=options.remote))


if __name__ == "__main__":
    sys.exit(main())
