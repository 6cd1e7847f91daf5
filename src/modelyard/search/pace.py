"""How long a search takes from the end of one trial to the end of the next."""

import statistics
import time
from collections.abc import Callable, Sequence

from .record import TrialResult


class Pace:
    """Measures what lies between trials: the oracle, which may think longer than a trial lasts."""

    def __init__(self, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Expect so many trials at the same time; `clock` gives seconds."""
        self.at_once, self.clock = at_once, clock
        self.ends: list[float] = []
        self.busy = 0.0  # seconds in trials that ended after the first one

    def ended(self, result: TrialResult) -> None:
        """Note that a trial has just ended."""
        self.busy += result.seconds if self.ends else 0.0
        self.ends.append(self.clock())

    def seconds_each(self, results: Sequence[TrialResult]) -> float:
        """Return the mean time of all trials, and of what was measured between them since."""
        training = statistics.fmean(result.seconds for result in results) / self.at_once
        return training + self._between()

    def _between(self) -> float:
        """Return the seconds by which ends lie further apart than the trials alone explain."""
        intervals = len(self.ends) - 1
        if intervals < self.at_once:
            return 0.0
        return max(0.0, self.ends[-1] - self.ends[0] - self.busy / self.at_once) / intervals
