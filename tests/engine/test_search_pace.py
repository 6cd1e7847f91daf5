"""The time that is left counts what lies between trials."""

from modelyard.search.pace import Pace
from modelyard.search.record import TrialResult


def paced(at_once: int, ends: list[float], seconds: float) -> float:
    """Return the seconds per trial when trials of equal length end at these times."""
    times = iter(ends)
    pace = Pace(at_once, clock=lambda: next(times))
    results = [TrialResult(number=n, status="completed", values={}, seconds=seconds)
               for n in range(len(ends))]  # fmt: skip
    for result in results:
        pace.ended(result)
    return pace.seconds_each(results)


def test_an_oracle_that_thinks_between_trials_takes_its_time_from_what_is_left() -> None:
    assert paced(1, [10.0], 2.0) == 2.0
    assert paced(1, [10.0, 12.0, 14.0], 2.0) == 2.0
    assert paced(1, [10.0, 15.0, 20.0], 2.0) == 5.0


def test_trials_at_once_share_the_time() -> None:
    assert paced(2, [8.0, 8.0], 8.0) == 4.0
    assert paced(2, [8.0, 8.0, 16.0, 16.0, 24.0], 8.0) == 4.0
    assert paced(2, [8.0, 9.0, 18.0, 19.0, 28.0], 8.0) == 5.0
