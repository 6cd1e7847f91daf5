"""What a run says while it runs: `--log-level` chooses how much of it is shown."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

LEVELS = ("debug", "info", "warning")
LOG = logging.getLogger(__name__)  # everything that is said before the results


class _Printed(logging.Handler):
    """Prints to whatever standard output is at that moment: a bar that is drawn moves it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        print(record.getMessage(), flush=True)


@contextmanager
def shown(level: str) -> Iterator[None]:
    """Show in the block what is said at this level or a higher one.

    `debug` adds every line that trainings and predictions print; `warning` shows results only.
    """
    handler, before = _Printed(), LOG.level
    LOG.addHandler(handler)
    LOG.setLevel(level.upper())
    LOG.propagate = False
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(before)
