"""May this tag be released? Asked before anything is built: it names pyproject.toml's version.

Needs nothing but Python and Git.
"""

import argparse
import os
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from modelyard.command import print_error
from modelyard.git import run_git

PYPROJECT = Path("pyproject.toml")


def problems(tag: str, branch: str) -> Iterator[str]:
    """Yield what speaks against releasing this checkout under a tag, a sentence each.

    Args:
        tag: the tag's name, whatever it is.
        branch: which must contain the commit, such as origin/main.
    """
    try:
        version = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["version"]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        yield f"{PYPROJECT}: project.version cannot be read ({error}); restore it from Git."
        return
    if os.environ.get("GITHUB_REF_TYPE") == "branch":  # a run that was started by hand
        yield (
            f"This run was started on the branch {tag!r}, but only a tag is released: choose "
            f"v{version} where you press Run workflow, or name it: `--ref v{version}`."
        )
        return
    again = f"`git push --delete origin {shlex.quote(tag)}`"
    if tag != f"v{version}":
        yield (
            f"The tag is {tag!r}, but {PYPROJECT} says version {version!r}, whose tag is "
            f"v{version}: {again}, then change project.version, commit and tag that commit, or tag "
            f"this one v{version}."
        )
    if not _contains(branch):
        yield (
            f"The commit of the tag {tag!r} is not in {branch}, from which alone is released: "
            f"{again}, merge the commit, then tag it again."
        )


def _contains(branch: str) -> bool:
    return run_git("merge-base", "--is-ancestor", "HEAD", branch).returncode == 0


def main(arguments: list[str] | None = None) -> int:
    """Judge the tag of this checkout; return 1 after a sentence for each reason against it."""
    parser = argparse.ArgumentParser(prog="modelyard release", description=__doc__)
    parser.add_argument("--tag", required=True, help="its name, such as v1.4.0")
    parser.add_argument("--branch", required=True, help="that must contain it: origin/main")
    options = parser.parse_args(arguments)
    found = list(problems(options.tag, options.branch))
    for problem in found:
        print_error(problem)
    if not found:
        print(f"{options.tag} is the version in {PYPROJECT}, on {options.branch}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
