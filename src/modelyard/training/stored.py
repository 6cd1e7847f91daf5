"""What a killed training left: read, checked before anything is taken from it."""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from modelyard.damage import WRONG, why
from modelyard.disk import remove
from modelyard.errors import UserError

from .state import check_fits

History = list[dict[str, float]]
State = dict[str, np.ndarray]


def history_of(document: Any, metric: str) -> History:
    """Return the history in a state.json.

    Raises:
        ValueError: it holds something else; other errors where its form is wrong.
    """
    history = [{str(k): _number(v) for k, v in logs.items()} for logs in document["history"]]
    names = {tuple(logs) for logs in history}
    if len(names) > 1 or any(metric not in logs for logs in history):
        raise ValueError(f"its epochs do not all report {metric}, or not the same")
    return history


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


class StoredEpochs:
    """The variables of a model after some epochs; each file is read once."""

    def __init__(self, model: keras.Model, file: Callable[[int], Path]) -> None:
        """Read nothing yet; `file` says where an epoch is."""
        self.model, self.file = model, file
        self.problems: dict[Path, str] = {}
        self.last: tuple[int, State] | None = None  # one at a time in memory

    def state(self, epoch: int) -> State | None:
        """Return the variables after an epoch; None, and a problem noted, where there are none."""
        file = self.file(epoch)
        if file in self.problems:
            return None
        if self.last and self.last[0] == epoch:
            return self.last[1]
        try:
            state = _read(file)
            check_fits(self.model, state)
        except FileNotFoundError:
            self.problems[file] = "it is missing"
        except IsADirectoryError:
            self.problems[file] = "it is a folder"
        except (*WRONG, UserError) as error:
            self.problems[file] = why(error)
        if file in self.problems:
            return None
        self.last = (epoch, state)
        return state

    def remove_damaged(self, instead: str) -> None:
        """Remove the files with a problem; say which they are, and what is done instead."""
        for file in self.problems:
            remove(file)
        lacks = ", ".join(f"{file} ({problem})" for file, problem in self.problems.items())
        print(f"warning: the backup lacks {lacks}; {instead}.", file=sys.stderr, flush=True)


def _read(file: Path) -> State:
    with file.open("rb") as opened, np.load(opened) as saved:
        return {name: saved[name] for name in saved.files}
