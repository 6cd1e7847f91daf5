"""A worker: runs the trials that a chief gives it, and ends when the chief does."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import grpc

from modelyard.command import print_error
from modelyard.errors import UserError

from .internals import messages, stub
from .patience import patience

PING_SECONDS = 5.0
SILENCE_SECONDS = 60.0  # the chief may be restarted in this time
START_SECONDS = 600.0  # a cluster may start the chief last
# A chief that is killed while it answers is asked again once it is back; to the same worker it
# gives the same trial.
RETRY = {
    "maxAttempts": 5,
    "initialBackoff": "1s",
    "maxBackoff": "5s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
OPTIONS = [
    # Without it gRPC waits up to two minutes before it looks for a restarted chief again.
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.enable_http_proxy", 0),  # the chief is a machine of ours, whatever http_proxy says
    ("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": RETRY}]})),
]
LOCAL = "SEARCH_WORKER_IS_LOCAL"  # set by a chief that holds the other end of standard input


def address() -> str:
    """Return where the chief listens, from KerasTuner's own variables."""
    return f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"


def connection() -> grpc.Channel:
    """Return a channel to the chief that finds a restarted one soon."""
    return grpc.insecure_channel(address(), OPTIONS)


def wait_for_chief(finished: Callable[[], bool]) -> bool:
    """Wait until the chief answers; return False if the search turns out to be finished.

    Raises:
        UserError: no answer for ten minutes, and no queue holds the chief back.
    """
    end = time.monotonic() + patience(START_SECONDS)
    with connection() as channel:
        ready = grpc.channel_ready_future(channel)
        while time.monotonic() < end:
            try:
                ready.result(timeout=1)
            except grpc.FutureTimeoutError:
                if finished():
                    return False
                continue
            return True
    raise UserError(
        f"No chief answers at {address()}; start one with KERASTUNER_TUNER_ID=chief, or correct "
        "KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT."
    )


def end_with_chief() -> None:
    """End this process at once when the chief that started it, or answers it, is gone."""
    if os.environ.get(LOCAL):
        threading.Thread(target=_end_at_end_of_input, daemon=True).start()


class Pulse:
    """Tells the chief every few seconds that the trial of this worker is still running."""

    def __init__(self, finished: Callable[[], bool]) -> None:
        """Start in the background; `finished` says whether the search is over."""
        self.trial_id: str | None = None
        self.finished = finished
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self) -> None:
        """Ask until there is no answer, then end: the main thread trains, or waits for an hour."""
        heard = time.monotonic()
        with connection() as channel:
            chief = stub(channel)
            while time.monotonic() - heard < SILENCE_SECONDS:
                if self._answered(chief):
                    heard = time.monotonic()
                elif self.finished():
                    os._exit(0)
                time.sleep(PING_SECONDS)
        print_error(f"the chief at {address()} is gone; this worker ends.")
        os._exit(2)

    def _answered(self, chief: Any) -> bool:
        try:
            if self.trial_id is None:
                chief.GetSpace(messages().GetSpaceRequest(), timeout=PING_SECONDS)
            else:
                request = messages().GetTrialRequest(trial_id=self.trial_id)
                chief.GetTrial(request, timeout=PING_SECONDS)
        except grpc.RpcError:
            return False
        return True


def _end_at_end_of_input() -> None:
    os.read(sys.stdin.fileno(), 1)  # not sys.stdin.read: Python cannot end while a thread is in it
    os._exit(1)
