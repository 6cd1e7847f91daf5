"""What the event loop does itself, and what it leaves to threads."""

import threading
import time
from pathlib import Path

from modelyard.serving.pace import REST, SHORT, STALL, Pace

from .serving import Grey, png, served

PNG = {"Content-Type": "image/png"}


class Clock:
    """A clock that only goes when it is told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def took(pace: Pace, clock: Clock, seconds: float, *, in_loop: bool = False) -> None:
    with pace.measured(1, in_loop=in_loop):
        clock.now += seconds


def test_what_took_long_is_long_until_it_is_short_again() -> None:
    pace = Pace(clock=(clock := Clock()))
    assert not pace.is_short(1)  # nobody knows
    took(pace, clock, SHORT / 2)
    assert pace.is_short(1)
    assert not pace.is_short(2)  # another size
    took(pace, clock, SHORT * 2, in_loop=True)
    assert not pace.is_short(1)
    took(pace, clock, SHORT / 2)
    assert pace.is_short(1)


def test_after_a_stall_the_loop_is_spared_for_a_hundred_times_as_long() -> None:
    pace = Pace(unknown=0, clock=(clock := Clock()))
    assert pace.is_short(1)
    took(pace, clock, STALL * 2, in_loop=True)
    for _ in range(9):
        took(pace, clock, 0)  # in threads, and short again
    assert not pace.is_short(1)
    clock.now += STALL * 2 * REST
    assert pace.is_short(1)


def test_a_short_model_runs_in_the_event_loop_and_one_that_becomes_slow_stalls_it_once(
    tmp_path: Path,
) -> None:
    model, places, go = Grey(tmp_path), list[str](), threading.Event()
    model.before = lambda: places.append(threading.current_thread().name)
    with served(model) as client:
        for _ in range(200):  # on a busy machine it may take some
            client.post("/predict", content=png(), headers=PNG)
            if not places[-1].startswith("batches"):
                break
        in_thread = places[0]
        assert in_thread.startswith("batches")
        assert not places[-1].startswith("batches")
        model.before = lambda: time.sleep(2 * STALL)
        client.post("/predict", content=png(), headers=PNG)

        def wait() -> None:
            places.append(threading.current_thread().name)
            go.wait()

        model.before = wait
        asked = threading.Thread(
            target=client.post, args=("/predict",), kwargs={"content": png(), "headers": PNG}
        )
        asked.start()
        assert client.get("/health").status_code == 200
        go.set()
        asked.join()
        assert places[-1] == in_thread
