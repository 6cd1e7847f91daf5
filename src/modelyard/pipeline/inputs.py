"""Fetch the input artifacts that `.dvc` files name: imported ones anew, our own as pushed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from modelyard.command import finish, take_no_options
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.git import git


def tracked() -> list[Path]:
    """Return the `.dvc` files in Git."""
    listed = git("ls-files", "-z", "--", "*.dvc").split("\0")
    return [Path(name) for name in sorted(filter(None, listed))]


def imported(file: Path) -> bool:
    """Say whether an artifact comes from elsewhere (`dvc import`, `dvc import-url`)."""
    document: Any = read_yaml(file)
    return bool(document.get("deps"))


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
    done = subprocess.run(["dvc", command, str(file)], check=False)
    if done.returncode:
        raise UserError(
            f"{file}: `dvc {command}` failed, see above; look whether it is in {source}."
        )


def main(arguments: list[str] | None = None) -> int:
    """Fetch; return 1 after a sentence on what could not be fetched."""
    take_no_options("cloud inputs", __doc__, arguments)
    return finish(_fetch)


if __name__ == "__main__":
    sys.exit(main())
