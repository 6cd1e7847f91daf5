"""How long a chief and its workers wait for each other."""

import math
import os

QUEUED = "SEARCH_IS_QUEUED"  # set in pods that a queue starts, and may stop, each in its own time


def patience(seconds: float) -> float:
    """Return how long to wait for others to start: no end of it where a queue starts them."""
    return math.inf if os.environ.get(QUEUED) else seconds
