"""Resume a killed training exactly: the next epoch finds everything the last one left.

`keras.callbacks.BackupAndRestore` keeps neither dropout's random state nor the best epoch so far.
"""

import json
import math
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np

from modelyard.config.schema import Config
from modelyard.config.tuning_section import EarlyStopping
from modelyard.damage import WRONG, clear_way, drop, read_state
from modelyard.data.manifest import read_manifest
from modelyard.disk import remove
from modelyard.documents import fingerprint
from modelyard.errors import UserError
from modelyard.faults import named
from modelyard.files import sha256, whole_file, write_csv, write_json
from modelyard.pipeline import identity
from modelyard.pipeline.provenance import utc_now

from .recorded import drop_recorded, release, say_if_kept
from .state import keep_average, restore_state, state_of
from .stored import History, StoredEpochs, history_of

BACKUPS = Path(".checkpoints/train")
STATE = "state.json"
ANEW = "training begins anew"
OWNER = "owner"  # in a model's folder: names the training that may write there


class TrainingBackup(keras.callbacks.Callback):
    """Saves all variables after each epoch, remembers the best one, stops early.

    `folder` is named by the hash of what the training depends on: another configuration, other
    data or other code never resume from it. `curves` is rewritten after each epoch.
    """

    prune: Callable[[list[dict[str, float]]], bool] | None = None  # of a search: stop here?
    result: Path | None = None  # what was saved from it

    def __init__(self, folder: Path, curves: Path, early_stopping: EarlyStopping) -> None:
        """Read the history of an interrupted run, if there is one."""
        super().__init__()
        self.folder, self.curves, self.early_stopping = folder, curves, early_stopping
        self.training, self.started = uuid.uuid4().hex, utc_now()
        self.history = self._left()

    def claim(self) -> None:
        """Take the model over; a training that outlived its killed `dvc` ends at its next epoch."""
        clear_way(self.folder, ANEW)
        if self._owner.is_dir():
            drop(self._owner, "it is a folder", "it is written anew")
        with whole_file(self._owner) as temporary:
            temporary.write_text(self.training)
        self.history = read_state(self.folder / STATE, self._parsed, ANEW) or []

    def resume(self, model: keras.Model) -> int:
        """Continue a killed training of the same folder; return its finished epochs, 0 for none.

        A damaged epoch is removed with a word; training goes on after the last one that is whole.
        """
        self.claim()
        whole, stored = self.history, StoredEpochs(model, self._file)
        while self.history and not self._usable(stored):
            self.history = self.history[:-1]
        if done := len(self.history):
            restore_state(model, stored.state(done - 1) or {})
        if done == len(whole):
            say_if_kept(self.folder)
        else:
            stored.remove_damaged(f"training goes on after epoch {done}" if done else ANEW)
        return done

    def _usable(self, stored: StoredEpochs) -> bool:
        """Say whether the last and the best epoch of the history can be had, the last one read."""
        return all(
            stored.state(epoch) is not None for epoch in (self.best_epoch, len(self.history) - 1)
        )

    def check_owner(self) -> None:
        """Refuse to write once another training of the model has begun.

        Raises:
            UserError: the other one continues from here, or has already ended.
        """
        if not self._owner.is_file() or self._owner.read_bytes() != self.training.encode():
            raise UserError(
                f"A later training of {self.folder.parent.name} took over; this one ends."
            )

    @property
    def best_metrics(self) -> dict[str, float]:
        """What the model reported at the best epoch, validation metrics as `val_<name>`."""
        return self.history[self.best_epoch]

    @property
    def best_epoch(self) -> int:
        """Position of the best epoch so far; the first while none is better."""
        stop, best = self.early_stopping, 0
        for epoch, logs in enumerate(self.history):
            if stop.better(logs[stop.metric], self.history[best][stop.metric], stop.min_delta):
                best = epoch
        return best

    def finished(self, epochs: int) -> bool:
        """Say whether training has had its epochs, or stopped improving."""
        done = len(self.history)
        if self.prune is not None and self.prune(self.history):
            return True
        return done >= epochs or done - 1 - self.best_epoch >= self.early_stopping.patience

    def restore(self, model: keras.Model, epoch: int) -> None:
        """Put all variables of a compiled model back to the end of an epoch."""
        with named(self._file(epoch)), np.load(self._file(epoch)) as saved:
            restore_state(model, saved)

    def restore_best(self, model: keras.Model) -> None:
        """Leave the weights of the best epoch in the model, averaged where `params.ema` is set."""
        self.restore(model, self.best_epoch)
        keep_average(model)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Save variables first, then the state that names them: a kill in between loses neither."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        _refuse_not_a_number(epoch, values)
        self.check_owner()
        self.history.append(values)
        with whole_file(self._file(epoch), durable=True) as temporary, temporary.open("wb") as file:
            np.savez(file, **state_of(self.model))  # type: ignore[arg-type]
        self.check_owner()  # saving a large model takes a while
        write_json(self.folder / STATE, {"history": self.history}, durable=True)
        self._keep_only({epoch, self.best_epoch})
        self.write_curves()
        self.model.stop_training |= self.finished(self.params["epochs"])

    def write_curves(self) -> None:
        """Write the history as CSV, one row per epoch, counted from 1."""
        write_csv(self.curves, [{"epoch": i, **row} for i, row in enumerate(self.history, 1)])

    def clear(self) -> None:
        """Remove every backup of this model, once DVC has recorded what was saved from it."""
        release(self.folder, self.result)

    @property
    def _owner(self) -> Path:
        return self.folder.parent / OWNER

    def _left(self) -> History:
        """Return what an interrupted run left; `resume` looks closer, and says what is lost."""
        with suppress(OSError, *WRONG):
            history = self._parsed(json.loads((self.folder / STATE).read_bytes()))
            return history if self._file(len(history) - 1).is_file() else []
        return []

    def _parsed(self, document: Any) -> History:
        return history_of(document, self.early_stopping.metric)

    def _file(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch}.npz"

    def _keep_only(self, epochs: set[int]) -> None:
        kept = {self._file(epoch) for epoch in epochs}
        for file in self.folder.glob("epoch-*.npz"):
            if file not in kept:
                remove(file)


def open_backup(
    config: Config, hyperparameters: Mapping[str, Any], folder: Path | None = None
) -> TrainingBackup:
    """Return the backup of one training; without a `folder`, one that only an equal one finds."""
    drop_recorded(config, BACKUPS)
    curves = (folder or config.output_paths.training_metrics) / "history.csv"
    return TrainingBackup(
        folder or _own_folder(config, hyperparameters), curves, config.params.early_stopping
    )


def _own_folder(config: Config, hyperparameters: Mapping[str, Any]) -> Path:
    depends_on = [
        _trains(config),
        hyperparameters,
        read_manifest(config.input_paths.data).data_hash,
        _initial_weights(config),
        identity.depends_on(config, "train"),
    ]
    return BACKUPS / config.name / fingerprint(depends_on)[:16]


def _initial_weights(config: Config) -> str | None:
    """Hash the file that a training begins with; official models do not change."""
    file = Path(config.params.initial_weights or "")
    return sha256(file) if file.is_file() else None


def _trains(config: Config) -> dict[str, Any]:
    """Return what decides about the weights, so that a failed export does not cost a training."""
    record = config.record("architecture", "params")
    later = ("export", "devices", "cache_mb")
    return record | {"params": {k: v for k, v in record["params"].items() if k not in later}}


def _refuse_not_a_number(epoch: int, values: Mapping[str, float]) -> None:
    broken = [name for name, value in values.items() if not math.isfinite(value)]
    if broken:
        raise UserError(
            f"Epoch {epoch + 1} ended with {', '.join(broken)} not a number or infinite; "
            "lower the learning rate, or look for broken values in the data."
        )
