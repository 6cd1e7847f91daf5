"""Workers on this machine: one process each, with a GPU or a share of the cores of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import UserError

from .chief import POLL_SECONDS, Chief
from .worker import LOCAL

HOST = "127.0.0.1"
MOST_DEATHS = 4  # a worker, in a row, without one trial ended; a trial has three attempts
THREAD_SETTINGS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


@dataclass
class Worker:
    """One process and how to start it again."""

    name: str
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes]"


class Workers:
    """Starts n workers, starts dead ones again, and leaves none behind."""

    def __init__(self, chief: Chief, command: Sequence[str], folder: Path) -> None:
        """Run `command` once a worker; `folder` takes their logs."""
        self.chief, self.command, self.folder = chief, command, folder
        self.running: list[Worker] = []
        self.deaths, self.ended, self.count = 0, 0, 0

    def start(self, parts: Sequence[dict[str, str]], port: int) -> None:
        """Start one worker for each share of the machine (environment variables)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.count = len(parts)
        for number, share in enumerate(parts):
            name = f"worker-{number}"
            protocol = {
                "KERASTUNER_TUNER_ID": name,
                "KERASTUNER_ORACLE_IP": HOST,
                "KERASTUNER_ORACLE_PORT": str(port),
                LOCAL: "1",
            }
            environment = {**os.environ, **protocol, **share}
            log = self.folder / f"{name}.log"
            log.unlink(missing_ok=True)
            self.running.append(Worker(name, environment, log, self._process(environment, log)))

    def wait(self) -> None:
        """Return when all have ended well; start again those that have not.

        Raises:
            UserError: they die without ending a trial, or one found a mistake in the project.
        """
        while self.running:
            time.sleep(POLL_SECONDS)
            self.chief.check()
            for worker in list(self.running):
                status = worker.process.poll()
                if status is None:
                    continue
                trial_left = worker.name in self.chief.oracle.ongoing_trials
                if self.chief.done or (status == 0 and not trial_left):
                    self.running.remove(worker)
                else:
                    self._replace(worker, status)

    def end(self) -> None:
        """End every worker that is left and wait for it."""
        for worker in self.running:
            worker.process.kill()
        for worker in self.running:
            worker.process.wait()

    def _replace(self, dead: Worker, status: int) -> None:
        ended = len(self.chief.oracle.end_order)
        self.deaths = self.deaths + 1 if ended == self.ended else 1
        self.ended = ended
        said_why = status == 1
        if said_why or self.deaths >= MOST_DEATHS * self.count:
            self.running.remove(dead)
            raise UserError(_last_words(dead, status))
        self.chief.requeue(dead.name)
        print(f"{dead.name} died ({_cause(status)}); its trial starts again.", flush=True)
        dead.process = self._process(dead.environment, dead.log)

    def _process(self, environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
        """Start a process that reads the end of its input when this one dies."""
        with log.open("ab") as output:
            return subprocess.Popen(
                self.command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )


def shares(most: int, gpus: Sequence[str], cores: int) -> list[dict[str, str]]:
    """Divide the machine: a GPU each, at most `most`; where there are none, the cores."""
    count = min(most, len(gpus) or cores)
    threads = {name: str(max(1, cores // count)) for name in THREAD_SETTINGS}
    if gpus:
        return [{**threads, "CUDA_VISIBLE_DEVICES": gpu} for gpu in gpus[:count]]
    return [threads for _ in range(count)]


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command of a worker: a module of this environment with its arguments."""
    return [sys.executable, "-m", *arguments]


def _cause(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _last_words(worker: Worker, status: int) -> str:
    lines = worker.log.read_text("utf-8", "replace").splitlines()
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if status == 1 and errors:
        return errors[-1]
    return (
        f"The workers of the search die without ending a trial ({_cause(status)}); "
        f"the last one's output is in {worker.log}."
    )
