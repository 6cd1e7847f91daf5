"""Fetch the input artifacts that `.dvc` files name: imported ones anew, our own as pushed."""

import argparse
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from modelyard.command import finish
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.git import git

from .definitions import stages


def tracked() -> list[Path]:
    """Return the `.dvc` files in Git."""
    listed = git("ls-files", "-z", "--", "*.dvc").split("\0")
    return [Path(name) for name in sorted(filter(None, listed))]


def imported(file: Path) -> bool:
    """Say whether an artifact comes from elsewhere (`dvc import`, `dvc import-url`)."""
    document: Any = read_yaml(file)
    return bool(document.get("deps"))


def out_of_reach() -> str | None:
    """Say why own artifacts that are not here cannot be fetched; None if they may be asked for.

    A fork's pull request, for which the workflow sets $FROM_FORK, has no access to anything.
    """
    fork, files = os.environ.get("FROM_FORK") == "true", list[Path]()
    with suppress(UserError):  # not a repository
        files = [file for file in tracked() if fork or not imported(file)]
    outs = [out for file in files for stage in stages(file) for out in stage.outs]
    if all(Path(out).exists() for out in outs):
        return None
    if fork:
        return "a fork's pull request cannot fetch the data."
    from .remote import Remote  # imports DVC

    try:
        remote = Remote()
    except UserError:
        return None  # whoever asks it says what is wrong with it
    return remote.cure if remote.elsewhere else None


def tell() -> None:
    """Fetch nothing; print why the artifacts cannot be fetched from here, nothing if they may."""
    if reason := out_of_reach():
        print(reason)


def _fetch() -> bool:
    files = tracked()
    if not files:
        print("There are no .dvc files: nothing to fetch.")
        return True
    for file in filter(imported, files):
        _dvc("update", file, "the repository or address that it was imported from")
        git("add", "--", str(file))  # comes back with the results
    for file in files:
        _dvc("pull", file, "DVC's remote, to which `dvc push` sends it from where it was added")
    return True


def _dvc(command: str, file: Path, source: str) -> None:
    print(f"dvc {command} {file}", flush=True)
    # A machine that is kept may have it in DVC's cache. Else DVC names another cause.
    reason = out_of_reach() if command == "pull" and not imported(file) else None
    program = [sys.executable, "-m", "dvc", command, str(file)]
    done = subprocess.run(program, check=False, capture_output=bool(reason))
    if done.returncode:
        if reason:
            raise UserError(f"{file} cannot be fetched: {reason}")
        raise UserError(
            f"{file}: `dvc {command}` failed, see above; look whether it is in {source}."
        )


def main(arguments: list[str] | None = None) -> int:
    """Fetch; return 1 after a sentence on what could not be fetched."""
    parser = argparse.ArgumentParser(prog="modelyard cloud inputs", description=__doc__)
    parser.add_argument(
        "--out-of-reach",
        action="store_true",
        help="fetch nothing, print why they cannot be fetched from here, if so",
    )
    options = parser.parse_args(arguments)
    return finish(tell if options.out_of_reach else _fetch)


if __name__ == "__main__":
    sys.exit(main())
