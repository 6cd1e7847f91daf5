"""What every command of `ci` shares: mistakes become sentences, and an exit code."""

import sys
from collections.abc import Callable

from src.utils.utils import UserError


def finish(command: Callable[[], bool]) -> int:
    """Run a command; return 0 if it says True, 1 if it says False or names a mistake."""
    try:
        return 0 if command() else 1
    except UserError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 1
