"""Processes of tests: each with all that it starts in a group that ends as one."""

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .logs import LOG

DRIVER = Path(__file__).with_name("driver.py").resolve()
LOOK_SECONDS = 30
LAST_WORDS = 15  # lines of a failed command that are worth showing


class StoppedError(Exception):
    """The whole run is being ended; what this process would have said does not matter."""


@dataclass(frozen=True)
class Job:
    """A command to run.

    Attributes:
        log: takes what it prints.
        limit: the seconds that it may take.
        interval: seconds between two looks at it.
    """

    command: Sequence[str]
    folder: Path
    variables: Mapping[str, str]
    log: Path
    limit: float
    interval: float


class Processes:
    """Runs commands, from several threads, and can end all of them at once."""

    def __init__(self) -> None:
        """Begin with none."""
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, job: Job, look: Callable[[], object]) -> int | None:
        """Run a job and look at it now and then; return its exit status, None if it took too long.

        Whatever happens, nothing of its group is left. It can tell by the end of its input when
        this process is gone.

        Raises:
            StoppedError: `end` was called meanwhile.
        """
        process = self._start(job)
        try:
            return _wait(process, job, look)
        finally:
            self._end(process)
            with self._lock:
                self._running.discard(process)
                stopped = self._stopped
            if stopped:
                raise StoppedError

    def end(self) -> None:
        """End everything that runs; nothing can be started any more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)

    def _start(self, job: Job) -> "subprocess.Popen[bytes]":
        with self._lock, job.log.open("ab") as output:
            if self._stopped:
                raise StoppedError
            process = subprocess.Popen(
                job.command,
                cwd=job.folder,
                env=dict(job.variables),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
            return process

    @staticmethod
    def _end(process: "subprocess.Popen[bytes]") -> None:
        _kill(process)
        process.wait()
        if process.stdin:
            process.stdin.close()


def run_guarded(
    command: Sequence[str], variables: Mapping[str, str], log: Path
) -> tuple[int | None, list[str]]:
    """Run a command that ends with this process, whatever ends that.

    Returns:
        Its exit status, and the lines that it printed and that say anything.
    """
    log.unlink(missing_ok=True)
    guarded = (sys.executable, "-P", str(DRIVER), "run", *command)
    job = Job(guarded, Path(), variables, log, math.inf, LOOK_SECONDS)
    program = Path(command[0]).name
    status = Processes().run(job, lambda: LOG.info("waiting for %s …", program))
    said = log.read_text("utf-8", "replace").splitlines()
    return status, [line for line in said if line.strip()]


def _wait(process: "subprocess.Popen[bytes]", job: Job, look: Callable[[], object]) -> int | None:
    end = time.monotonic() + job.limit
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return None
        with suppress(subprocess.TimeoutExpired):
            return process.wait(min(job.interval, left))
        look()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its group, of which it is the first; what has ended is not a mistake."""
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses where all are dead
        os.killpg(process.pid, signal.SIGKILL)
