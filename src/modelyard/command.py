"""What every command shares: how it reports mistakes, and its exit status."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path

from .errors import UserError
from .faults import explain_fault
from .imports import explain_import

OUTPUT = "standard output"


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
        mistake, a module cannot be imported, a file or disk fails, or an environment variable is
        not set.
    """
    try:
        status = _flushed(command)
        return int(status is False) if status is None or isinstance(status, bool) else status
    except UserError as error:
        print_error(error)
    except (ImportError, SyntaxError) as error:
        print_error(explain_import(error))
    except Exception as error:
        said = explain_fault(error) or _missing_variable(error)
        if said is None:
            raise  # a mistake of ours, or in the team's code
        print_error(said)
    return 1


def _missing_variable(error: Exception) -> str | None:
    """Return a sentence for a variable that os.environ does not have; None for other errors."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    if not isinstance(error, KeyError) or last.filename not in ("<frozen os>", os.__file__):
        return None
    return (
        f"The environment variable {error.args[0]} is not set; workflows set it, export it to run "
        "this by hand."
    )


def _flushed(command: Callable[[], int | None]) -> int | None:
    """Run a command; what it prints must arrive."""
    try:
        status = command()
        _flush()
    except BrokenPipeError as error:
        if error.filename is not None:
            raise
        _end_output()
        return 1  # as `| head` ends it: there is nobody to tell
    except OSError as error:
        if error.filename is None and _output_is_full():
            _end_output()
            error.filename = OUTPUT
        raise
    return status


def _flush() -> None:
    if sys.stdout is None:  # closed by who started us
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        _end_output()
        if not isinstance(error, BrokenPipeError):
            error.filename = OUTPUT
        raise


def _output_is_full() -> bool:
    """Say whether nothing more can be printed; Python itself has forgotten what failed."""
    try:
        os.write(sys.stdout.fileno(), b"\n")
    except (AttributeError, OSError, ValueError) as error:
        return isinstance(error, OSError) and error.errno is not None
    return False


def _end_output() -> None:
    """Let the rest of the output go nowhere, or Python would try once more to write it."""
    with suppress(OSError):  # a stream without a file descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def program(module: str, otherwise: str = "") -> str:
    """Return how the user called the command that a module's `main` is.

    `modelyard X`, the command that an installed package brings, such as digits-predict, else
    `otherwise`, by default `python -m MODULE`.
    """
    called = sys.argv[0]
    if called.startswith("modelyard "):
        return called
    name = Path(called).name
    if name and not name.endswith(".py") and _brings(name, module):
        return name
    return otherwise or f"python -m {module}"


def _brings(command: str, module: str) -> bool:
    """Say whether an installed package brings a command of that name, which runs the module."""
    found = entry_points(group="console_scripts", name=command)
    return any(one.module == module for one in found)
