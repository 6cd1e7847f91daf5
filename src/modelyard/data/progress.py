"""A bar on a terminal for what takes long."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LEAST = 1000  # fewer are done before a bar could be read


@contextmanager
def shown(what: str, count: int) -> Iterator[Callable[[int], object]]:
    """Yield what is told how many more are done; only a terminal shows it."""
    if count < LEAST or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=count)
        yield lambda more: progress.advance(task, more)
