"""Programs of this machine, asked without a terminal, and not longer than half a minute."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from modelyard.redaction import redacted

PATIENCE = 30.0  # seconds
LONGEST = 300  # characters of what a program said
# No program may wait for an answer, look for updates, or colour what it says.
QUIET = {
    "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "GH_PROMPT_DISABLED": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
}
_RUNNING: set["subprocess.Popen[str]"] = set()


class SilentError(Exception):
    """A program did not start, failed, or did not answer in time.

    Attributes:
        mend: the command that mends it, where one is known.
    """

    def __init__(self, message: str, mend: str = "") -> None:
        """Keep the command beside the message."""
        super().__init__(message)
        self.mend = mend


@dataclass(frozen=True)
class Answer:
    """What a program said, and its exit status."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of what it said, errors first, without what could be a secret."""
        lines = (self.err.strip() or self.out.strip() or "it said nothing").splitlines()
        return clean(lines[-1])


def installed(program: str) -> str | None:
    """Return the path of a program on PATH."""
    return shutil.which(program)


def ask(*command: str, variables: Mapping[str, str] | None = None) -> Answer:
    """Run a program and wait for it; `variables` are added to its environment.

    Raises:
        SilentError: it cannot be started, or does not end in time. Then it is ended, with all
            that it has started.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**_without_wheel(), **QUIET, **(variables or {})},
            start_new_session=True,
        )
    except OSError as error:
        raise SilentError(f"{command[0]} does not start ({error.strerror})") from None
    with process:
        _RUNNING.add(process)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            _end(process)
            called = " ".join(command[:3])
            raise SilentError(f"`{called}` did not answer within {PATIENCE:g} s") from None
        finally:
            _RUNNING.discard(process)
    return Answer(process.returncode, out, err)


def read(*command: str, mend: str = "") -> str:
    """Return what a program says; as `ask`, and if it fails, `mend` is told.

    Raises:
        SilentError: with the last line of what it said.
    """
    answer = ask(*command)
    if answer.code:
        raise SilentError(f"`{' '.join(command[:4])}` failed: {answer.last}", mend)
    return answer.out


def end_all() -> None:
    """End all programs that still run, as after Ctrl-C: it does not reach their groups."""
    for process in list(_RUNNING):
        _end(process)


def clean(text: str) -> str:
    """Return a text of others as one line to print: no secrets, no control characters."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return redacted(" ".join(shown.split()))[:LONGEST]


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _without_wheel() -> dict[str, str]:
    """Return the environment; the engine's wheel, from which this may run, is for this alone."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = os.pathsep.join(path for path in paths if not path.endswith(".whl"))
    return {**os.environ, "PYTHONPATH": kept}
