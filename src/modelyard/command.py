"""What every command shares: how it reports mistakes, and its exit status."""

import argparse
import sys
from collections.abc import Callable

from .errors import UserError
from .imports import explain_import


def print_error(error: object) -> None:
    """Print each line of a message to standard error, behind `error: `."""
    for line in str(error).splitlines():
        print(f"error: {line}", file=sys.stderr)


def take_no_options(command: str, text: str | None, arguments: list[str] | None) -> None:
    """Answer --help and refuse everything else on the command line of `modelyard COMMAND`."""
    argparse.ArgumentParser(prog=f"modelyard {command}", description=text).parse_args(arguments)


def finish(command: Callable[[], int | None]) -> int:
    """Run a command; return its exit status.

    Returns:
        What the command returns, with True and None for 0 and False for 1; and 1 if it names a
        mistake, or a module cannot be imported.
    """
    try:
        status = command()
        return int(status is False) if status is None or isinstance(status, bool) else status
    except UserError as error:
        print_error(error)
    except (ImportError, SyntaxError) as error:
        print_error(explain_import(error))
    return 1


def program(module: str) -> str:
    """Return how the user called a command of two names: `modelyard X` or `python -m MODULE`."""
    called = sys.argv[0]
    return called if called.startswith("modelyard ") else f"python -m {module}"
