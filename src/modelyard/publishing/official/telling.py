"""What publishing prints: a heading for each model, and all of its lines below it."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime


class Telling:
    """Lines of several models that are worked on at once, printed model by model.

    Those of the first model that is not done are printed as they come, others wait their turn.
    """

    def __init__(self, names: Sequence[str], *, verbose: bool) -> None:
        """Tell of models in this order; `verbose` puts the time before each line."""
        self.write: Callable[[str], None] = print
        self._verbose = verbose
        self._waiting: dict[str, list[str]] = {name: [] for name in names}
        self._current: str | None = None
        self._lock = threading.Lock()

    def say(self, name: str, line: str) -> None:
        """Print a line below the model's heading, now or in its turn."""
        if self._verbose:
            line = f"{datetime.now().astimezone().isoformat(' ', 'milliseconds')} | {line}"
        with self._lock:
            self._waiting[name].append(line)
            if name == next(iter(self._waiting)):
                self._print(name)

    def done(self, name: str) -> None:
        """Go on with the next model; the model before it is done too."""
        with self._lock:
            self._print(name)
            del self._waiting[name]
            if following := next(iter(self._waiting), None):
                self._print(following)

    def _print(self, name: str) -> None:
        lines = self._waiting[name]
        if lines and name != self._current:
            self._current, rule = name, "=" * 12
            lines = [rule, f"Preparing {name} model", rule, *lines]
        for line in lines:
            self.write(line)
        self._waiting[name] = []
