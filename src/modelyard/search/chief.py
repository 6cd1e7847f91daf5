"""The chief: holds the oracle, answers the workers, replaces those that die.

It speaks KerasTuner's own protocol (gRPC). KerasTuner's chief waits for ever for a worker that
was killed; this one hears from every worker all the time and gives the trials of lost ones away.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from modelyard.errors import UserError

from .internals import OracleServicer, add_servicer
from .oracle import SearchOracle
from .patience import patience
from .state import Search

LOST_SECONDS = 60.0  # silence after which a worker's trial is given to another
ALONE_SECONDS = 600.0  # silence of all workers after which a chief gives up
POLL_SECONDS = 0.1


class Chief(OracleServicer):
    """Serves one oracle; all its calls run in one thread, one after the other."""

    def __init__(
        self,
        oracle: SearchOracle,
        search: Search,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap the oracle of a search; `clock` gives seconds."""
        super().__init__(oracle)
        self.search, self.clock = search, clock
        self.heard: dict[str, float] = {}  # by trial
        self.last_heard = self.last_look = clock()
        self.thread = ThreadPoolExecutor(max_workers=1)
        self.failure: Exception | None = None

    def CreateTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Give a worker its next trial."""
        response = self._noted(super().CreateTrial, request, context)
        self._hear(response.trial.trial_id)
        return response

    def GetTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Hear that a worker is alive: it asks for its running trial every few seconds."""
        self._hear(request.trial_id)
        return super().GetTrial(request, context)

    def UpdateTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take a score."""
        return self._noted(super().UpdateTrial, request, context)

    def EndTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """End a trial."""
        return self._noted(super().EndTrial, request, context)

    def _noted(self, answer: Callable[[Any, Any], Any], request: Any, context: Any) -> Any:
        """Answer; what fails, as on a full disk, ends the search: workers would ask for ever."""
        try:
            return answer(request, context)
        except Exception as error:
            self.failure = error
            context.abort(grpc.StatusCode.INTERNAL, str(error))

    def check(self) -> None:
        """Raise what failed in the thread that answers the workers."""
        if self.failure is not None:
            raise self.failure

    def _hear(self, trial_id: str) -> None:
        self.last_heard = self.heard[trial_id] = self.clock()

    def requeue(self, worker: str) -> None:
        """Give the trial of a dead worker to another, or end it if that worker has.

        Its last word may have been lost with its host, when no other worker is left to ask.
        """
        self.thread.submit(self._requeue, worker).result()

    def _requeue(self, worker: str) -> None:
        trial = self.oracle.ongoing_trials.get(worker)
        if trial and self._end_by_record(trial.trial_id):
            self.oracle.tuner_ids.discard(worker)
        else:
            self.oracle.requeue(worker)

    def _end_by_record(self, trial_id: str) -> bool:
        """End a trial that has left a result; say whether it has."""
        result = self.search.record.read(trial_id)
        if result is not None:
            self.oracle.end_lost(trial_id, result.score, result.reason)
        return result is not None

    def requeue_lost(self) -> None:
        """Give away the trials of workers that have been silent for too long."""
        limit = self.clock() - LOST_SECONDS
        for worker, trial in list(self.oracle.ongoing_trials.items()):
            if self.heard.setdefault(trial.trial_id, self.clock()) < limit:
                self.requeue(worker)

    def look_for_end(self) -> None:
        """End the search when every trial has left a result, but no worker could come to hear so.

        Looked for once a minute while all workers are silent. A host that was given up on may have
        ended its trial since, and whoever could have taken it again may be gone.
        """
        now = self.clock()
        if min(now - self.last_heard, now - self.last_look) > LOST_SECONDS:
            self.last_look = now
            if self.search.ended:
                self.thread.submit(self._end_waiting).result()
                self.stop_triggered = True

    def _end_waiting(self) -> None:
        for trial_id in list(self.oracle.queue):
            self._end_by_record(trial_id)

    @property
    def done(self) -> bool:
        """Whether no trial runs or waits, and every worker has heard so or is gone."""
        if not self.stop_triggered or self.oracle.ongoing_trials or self.oracle.waiting:
            return False
        return not self.oracle.tuner_ids or self.clock() - self.last_heard > LOST_SECONDS

    @contextmanager
    def serving(self, host: str, port: int) -> Iterator[int]:
        """Serve at an address while the block runs; yield the port, a free one for 0."""
        server = grpc.server(self.thread)
        add_servicer(self, server)
        try:
            bound: int = server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise UserError(
                f"The chief cannot listen on {host}:{port} ({error}); another process does, or "
                "KERASTUNER_ORACLE_IP is not an address of this machine."
            ) from None
        server.start()
        try:
            yield bound
        finally:
            server.stop(grace=None).wait()

    def wait(self) -> None:
        """Return when the search is over; for workers on other machines.

        Raises:
            UserError: no worker has been heard for ten minutes, and no queue holds them back.
        """
        while not self.done:
            time.sleep(POLL_SECONDS)
            self.check()
            self.requeue_lost()
            self.look_for_end()
            if self.clock() - self.last_heard > patience(ALONE_SECONDS):
                raise UserError(
                    f"No worker has been heard for {ALONE_SECONDS:.0f} s; start workers, then "
                    "the chief again: it keeps every finished trial."
                )
