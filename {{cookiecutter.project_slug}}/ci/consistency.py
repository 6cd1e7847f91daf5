"""Are the results in Git those of this code, data and configuration, and can they be fetched?"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence

from src.utils.config import check_all
from src.utils.utils import UserError

from .cli import finish
from .remote import Remote

SHOWN = 10


def outdated(target: str = "--all-pipelines") -> list[str]:
    """Return the stages that `dvc repro TARGET` would run here; nothing is fetched for this."""
    command = ["dvc", "repro", "--dry", "--allow-missing", target]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    said = done.stdout + done.stderr
    found = re.findall(r"^Running stage '(.*)':$", said, re.MULTILINE)
    # A stage that would run, but lacks its data here, ends the dry run.
    found += re.findall(r"failed to reproduce '(.*?)'", said)
    if done.returncode and not found:
        raise UserError(f"DVC cannot read the pipeline: {' '.join(done.stderr.split())}")
    return list(dict.fromkeys(found))


def not_pushed() -> list[str]:
    """Return the artifacts that dvc.lock or a .dvc file names and the remote does not have."""
    command = ["dvc", "data", "status", "--not-in-remote", "--json"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise UserError(f"DVC cannot ask its remote: {' '.join(done.stderr.split())}")
    return sorted(json.loads(done.stdout or "{}").get("not_in_remote", []))


def check(*, remote: bool) -> bool:
    """Name everything that is not as Git says.

    Raises:
        UserError: one line each for outdated stages and for artifacts nobody can fetch.
    """
    check_all()
    problems = []
    if stages := outdated():
        problems.append(
            f"The results in Git are older than what they depend on: {listed(stages)} would run. "
            "`sh run.sh MODEL`, commit and `dvc push`; or push a commit whose message begins with "
            "[cml]."
        )
    if not remote or Remote().elsewhere:
        print("Not checked: whether the artifacts are in DVC's remote, which is not reached here.")
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
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def main(arguments: list[str] | None = None) -> int:
    """Check; return 1 after a sentence for each kind of mistake."""
    parser = argparse.ArgumentParser(prog="python -m ci.consistency", description=__doc__)
    parser.add_argument("--remote", action="store_true", help="ask DVC's remote, too")
    options = parser.parse_args(arguments)
    return finish(lambda: check(remote=options.remote))


if __name__ == "__main__":
    sys.exit(main())
