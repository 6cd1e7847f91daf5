"""How far the trainings are: a bar each on a terminal, lines elsewhere."""

import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from modelyard.files import read_csv

from .definition import Case
from .logs import LOG

if TYPE_CHECKING:
    from rich.progress import TaskID

LONGEST_STATUS = 60  # characters of a status
NO_STATUS = "nothing was said yet"
OUTPUT = "log.txt"  # of the training
STAGE = "# "  # what the driver begins the name of a stage with


class Board:
    """Shows every test's progress; several threads may tell it theirs."""

    def __init__(self, cases: list[Case]) -> None:
        """Make a bar a test, if anybody can watch it."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        name, status = (
            TextColumn(f"{{task.{field}}}", markup=False)
            for field in ("description", "fields[status]")
        )
        self._console = Console()
        self._progress = Progress(
            name, BarColumn(), MofNCompleteColumn(), status, console=self._console
        )
        self._bars: dict[str, TaskID] = {}
        self._said: dict[str, str] = {}
        self._repeated: Counter[tuple[str, Path]] = Counter()  # lines of a case's log
        self._lock = threading.Lock()
        if self._console.is_terminal and LOG.isEnabledFor(logging.INFO):
            for case in cases:
                total = case.config.params.epochs
                self._bars[case.name] = self._progress.add_task(
                    case.name, total=total, status="waiting"
                )

    def __enter__(self) -> Self:
        """Begin to draw, if there is a terminal."""
        if self._bars:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the bars as they are."""
        if self._bars:
            self._progress.stop()

    def say(self, case: Case, text: str) -> None:
        """Say what a test does now; the same again is not repeated."""
        with self._lock:
            if self._said.get(case.name) == text:
                return
            self._said[case.name] = text
            if self._bars:
                self._progress.update(self._bars[case.name], status=text[:LONGEST_STATUS])
            else:
                LOG.info("%s: %s", case.name, text)

    def repeat(self, case: Case, log: Path, lines: Sequence[str]) -> None:
        """Say at the level `debug` those lines of a log that are new."""
        with self._lock:
            for line in lines[self._repeated[case.name, log] :]:
                LOG.debug("%s | %s", case.name, line)
            self._repeated[case.name, log] = len(lines)

    def epochs(self, case: Case, done: int) -> None:
        """Move the bar."""
        if self._bars:
            self._progress.update(self._bars[case.name], completed=done)


def look(case: Case, board: Board) -> str:
    """Tell the board how far a training is, by its curves or its log; return that."""
    log = case.folder / OUTPUT
    lines, rows = said_in(log), history(case)
    board.repeat(case, log, lines)
    stages = [line.removeprefix(STAGE) for line in lines if line.startswith(STAGE)]
    said = [line for line in lines if not line.startswith(STAGE)]
    if rows:
        said = [f"epoch {len(rows)} of at most {case.config.params.epochs}: {_numbers(rows[-1])}"]
    status = ": ".join([*stages[-1:], *said[-1:]]) or NO_STATUS
    board.epochs(case, len(rows))
    board.say(case, status)
    return status


def history(case: Case) -> list[dict[str, str]]:
    """Return what the training has written of its epochs so far."""
    file = case.folder / case.config.output_paths.training_metrics / "history.csv"
    return read_csv(file) if file.is_file() else []


def said_in(log: Path) -> list[str]:
    """Return the lines of a log that say anything, without control characters."""
    if not log.is_file():
        return []
    text = log.read_text("utf-8", "replace").replace("\r", "\n")
    clean = ("".join(char for char in line if char.isprintable()) for line in text.splitlines())
    return [line for line in clean if line.strip()]


def _numbers(row: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {_short(row[name])}" for name in row if name != "epoch")


def _short(value: str) -> str:
    try:
        return f"{float(value):.4g}"
    except ValueError:
        return value
