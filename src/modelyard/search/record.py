"""What a search leaves on disk, so that a killed one continues and a changed one starts anew.

.checkpoints/tune/<model>/<search id>/search.json     all that its trials depend on
                                      oracle.json     KerasTuner's state
                                      trial_<n>/      trial.json, result.json, backups;
                                                      pruning.json, error.txt where there are any
"""

import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from modelyard.config.choices import Value
from modelyard.config.schema import Config
from modelyard.damage import WRONG, clear_way, read_state
from modelyard.documents import fingerprint
from modelyard.errors import UserError
from modelyard.files import read_mapping, whole_file, write_json

from .identity import depends_on, differences
from .intact import clear_places

SEARCHES = Path(".checkpoints/tune")


class TakenOverError(UserError):
    """Another process works on the search of this one."""


class TrialResult(BaseModel):
    """One trial, as it ended.

    Attributes:
        status: a pruned trial has a score, too, but is never the best: `train` would not stop it.
        score: the objective, None if the trial failed.
        curve: the objective by epoch, of the first execution; None where it was not measured.
        epochs: epochs trained, of all executions; 0 if the adapter does not say.
        seconds: how long the trial took in the process that ended it.
        reason: why it failed, one line.
    """

    number: int
    status: Literal["completed", "pruned", "failed"]
    values: dict[str, Value]
    score: float | None = None
    curve: list[float | None] = Field(default=[])
    epochs: int = 0
    seconds: float = 0.0
    reason: str = ""


class SearchRecord:
    """The folder of one search; its name is the hash of everything a trial depends on."""

    def __init__(self, config: Config) -> None:
        """Find the folder that belongs to a configuration; nothing is written yet."""
        self.depends_on = depends_on(config)
        self.id = fingerprint(self.depends_on)[:12]
        self.model_folder = SEARCHES / config.name
        self.path = self.model_folder / self.id
        self._claim = ""

    def begin(self) -> str:
        """Claim the search for this process; return whether it is new, and why."""
        clear_way(self.path, "the search begins anew")
        clear_places(self.path)
        reason = "" if self.exists else self._why_new()
        self._claim = uuid.uuid4().hex
        write_json(self.path / "search.json", self.depends_on, durable=True)
        _write(self.model_folder / "owner", self._claim)
        _write(self.model_folder / "current", self.id)
        return reason

    @property
    def exists(self) -> bool:
        """Whether the search has begun before."""
        return (self.path / "search.json").is_file()

    def check_owner(self) -> None:
        """End a search that outlived its killed `dvc` once a later one has begun.

        A worker claims nothing: it ends with its chief.

        Raises:
            TakenOverError: so that the search ends, instead of this trial.
        """
        owner = self.model_folder / "owner"
        if self._claim and not (owner.is_file() and owner.read_bytes() == self._claim.encode()):
            raise TakenOverError(
                f"A later search of {self.model_folder.name} took over; this one ends."
            )

    def check_current(self) -> None:
        """Refuse to work for a search of another configuration, data or code.

        Raises:
            UserError: naming what differs between this checkout and the chief's.
        """
        current = self.model_folder / "current"
        chiefs = current.read_text("utf-8", "replace") if current.is_file() else ""
        if chiefs == self.id:
            return
        chief: dict[str, Any] = {}
        with suppress(UserError, *WRONG):
            chief = read_mapping(self.model_folder / chiefs / "search.json")
        raise UserError(
            f"The chief runs search {chiefs or 'unknown'}, this checkout would run {self.id}: "
            f"{differences(chief, self.depends_on)}; bring both to one commit and one data."
        )

    def trial_folder(self, trial_id: str) -> Path:
        """Return the folder of a trial, the one KerasTuner uses."""
        return self.path / f"trial_{trial_id}"

    def write(self, trial_id: str, result: TrialResult) -> None:
        """Write the result of a trial."""
        path = self.trial_folder(trial_id) / "result.json"
        write_json(path, result.model_dump(), durable=True)

    def read(self, trial_id: str) -> TrialResult | None:
        """Read the result of a trial, None if it has not ended."""
        return _result(self.trial_folder(trial_id))

    def results(self, most: int) -> dict[int, TrialResult]:
        """Read all results with a number below `most`, in order."""
        found = (_result(folder) for folder in self.path.glob("trial_*"))
        ended = sorted((r for r in found if r and r.number < most), key=lambda r: r.number)
        return {result.number: result for result in ended}

    def _why_new(self) -> str:
        """Say what changed since the latest search of this model."""
        records = self.model_folder.glob("*/search.json")
        latest = max(records, key=lambda path: path.stat().st_mtime, default=None)
        if latest is None:
            return "the first"
        before = read_state(latest, dict, "this search is not compared with its")
        if before is None:
            return "the first"
        return differences(before, self.depends_on) or "the engine has other settings"

    def drop_other_backups(self) -> None:
        """Remove the backups of all other searches of this model: they would fill the disk."""
        for folder in self.model_folder.glob("*/trial_*"):
            if folder.parent != self.path:
                drop_backups(folder)


def drop_backups(trial: Path) -> None:
    """Remove the weights in a trial's folder, keep what describes it."""
    for execution in trial.glob("execution-*"):
        shutil.rmtree(execution, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text)


def _result(folder: Path) -> TrialResult | None:
    path = folder / "result.json"
    return read_state(path, TrialResult.model_validate, "its trial is repeated")
