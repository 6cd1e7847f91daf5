"""What run.sh runs: `dvc repro` of one model, alone, in a process group that ends with run.sh.

python -m modelyard.pipeline.repro MODEL [options of dvc repro]
"""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from modelyard.command import finish, print_error
from modelyard.errors import UserError

from . import locks, verify
from .consistency import listed, outdated

RUNS = Path(".dvc/tmp")
EVERY = 1.0  # seconds between two looks at who started this
GRACE = 10.0  # seconds for what was asked to end


def run(model: str, options: list[str]) -> int:
    """Bring a model up to date; return DVC's exit status.

    Raises:
        UserError: another run of the model, or a dvc on the same files, is at work.
    """
    target = f"models/{model}/dvc.yaml"
    command = ["dvc", "repro", *options, target]
    if options == ["--dry"]:  # DVC's own fails where a stage reads what is not made yet
        found = outdated(target, allow_missing=False)
        print(f"{listed(found)} would run." if found else "Nothing would run.")
        return 0
    if "--dry" in options:
        return _follow(command)
    with _alone(model):
        locks.free(model)
        status = _sound(model, command)
        if status:
            print_error(
                f"the run of {model} did not finish; mend what is named above, then the same "
                "command continues."
            )
        return status


def _sound(model: str, command: list[str]) -> int:
    """Run DVC until nothing that it records is damaged; return its status."""
    files = [Path("dvc.lock"), Path(f"models/{model}/dvc.lock")]
    cache = verify.cache_folder()
    _note(verify.purge(files, cache))
    status = _follow(command)
    if signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:  # asked to end, see _forward
        return status
    if damaged := verify.heal(files, cache, succeeded=status == 0):
        _note(damaged)
        # What ran on a damaged file runs again, too.
        status = _follow([*command, "--force-downstream"])
        if again := verify.heal(files, cache, succeeded=status == 0):
            raise UserError(
                f"{listed(again)} in DVC's cache: damaged each time it is made; look for a failing "
                "disk."
            )
    return status


def _note(damaged: list[str]) -> None:
    if damaged:
        what = f"note: {listed(damaged)} is damaged in DVC's cache; removed, to be made again."
        print(what, file=sys.stderr, flush=True)


@contextmanager
def _alone(model: str) -> Iterator[None]:
    """Be the only run of a model; the system gives the lock back, however this process ends."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with (RUNS / f"run-{model}").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            pid = file.read().strip()
            raise UserError(
                f"Another run of {model} is at work in this project (PID {pid}); wait until it "
                f"has ended, or end it with `kill {pid}`, then run this again."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _follow(command: list[str]) -> int:
    """Run a command of this process group; end the group once run.sh is gone."""
    parent = os.getppid()
    process = subprocess.Popen(command)
    while True:
        try:
            status = process.wait(EVERY)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                _end(process)
        else:
            return status if status >= 0 else 128 - status


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the group, this process last."""
    _forward()
    try:
        process.wait(GRACE)
    finally:
        os.killpg(0, signal.SIGKILL)


def _forward(*_: int | FrameType | None) -> None:
    """Send SIGTERM to all others of the group."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


def main(arguments: list[str] | None = None) -> int:
    """Lead a process group: DVC, ended alone, would leave its training behind."""
    if os.getpgrp() != os.getpid():
        os.setsid()  # macOS has no command for it
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _forward)
    model, *options = sys.argv[1:] if arguments is None else arguments
    return finish(lambda: run(model, options))


if __name__ == "__main__":
    sys.exit(main())
