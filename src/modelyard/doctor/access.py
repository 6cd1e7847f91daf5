"""Can DVC's remote be written to? `python -m modelyard.doctor.access`, in a process of its own.

A server that does not answer can then be given up, and DVC need not be where the doctor runs.
"""

import sys

from modelyard.command import finish
from modelyard.pipeline.remote import Remote


def main() -> int:
    """Write and remove a few bytes; return 1 after a sentence on why that failed."""
    return finish(lambda: Remote().check_access())


if __name__ == "__main__":
    sys.exit(main())
