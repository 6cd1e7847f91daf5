"""Tell short work, which the event loop does itself, from long work, which a thread does."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHORT = 0.01  # seconds for which nobody minds that the event loop answers nobody else
STALL = 0.1  # seconds that somebody minds
REST = 100  # after a stall, so many times its length without another: 1 % of the time at most


class Pace:
    """Expects of work what it took before, by its size.

    One measurement that is too long, as on a busy machine, sends work of that size to a thread,
    where it is measured too, and comes back when it is short again.
    """

    def __init__(
        self, unknown: float = math.inf, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """`unknown` are the seconds that are expected of a size that was never measured."""
        self._unknown, self._clock = unknown, clock
        self._expected: dict[int, float] = {}
        self._rests_until = -math.inf

    def is_short(self, size: int) -> bool:
        """Say whether the event loop may do work of this size."""
        if self._expected.get(size.bit_length(), self._unknown) > SHORT:
            return False
        return self._rests_until == -math.inf or self._clock() >= self._rests_until

    @contextmanager
    def measured(self, size: int, *, in_loop: bool) -> Iterator[None]:
        """Learn from how long the block takes; `in_loop`: the event loop waits for it."""
        start = self._clock()
        try:
            yield
        finally:
            bucket, seconds = size.bit_length(), self._clock() - start
            self._expected[bucket] = (self._expected.get(bucket, seconds) + seconds) / 2
            if in_loop and seconds > STALL:
                self._rests_until = self._clock() + REST * seconds
