"""Register a runner for one job, and print the script that makes a machine of any cloud be it.

The script is a secret: it holds the registration. See the documentation, Other clouds.
"""

import argparse
import re
import sys

from modelyard.command import finish
from modelyard.errors import UserError

from .runners import register
from .startup import startup_script

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _print(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UserError(f"{name!r} cannot be a runner's name; write letters, digits and - _ only.")
    runner = register(name, ["self-hosted", name, "linux", "x64"])
    print(startup_script(runner.config), end="")


def main(arguments: list[str] | None = None) -> int:
    """Print the script; `name` is also the label by which `runs-on` finds the runner."""
    parser = argparse.ArgumentParser(prog="modelyard cloud jit-runner", description=__doc__)
    parser.add_argument("name", metavar="NAME")
    options = parser.parse_args(arguments)
    return finish(lambda: _print(options.name))


if __name__ == "__main__":
    sys.exit(main())
