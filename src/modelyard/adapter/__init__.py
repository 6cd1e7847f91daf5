"""Adapters: how the stages train and judge any model, whatever framework it is written in."""
# ruff: noqa: B027  (a step that a model does not need stays empty)

import math
import numbers
import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.config import Config, Hyperparameters
from modelyard.config.data_section import Split
from modelyard.config.own_code import explained
from modelyard.errors import UserError
from modelyard.files import whole_file

STEPS = ("reformat", "data_loader", "preprocess", "build", "train")
MANDATORY = ("__init__", "train", "get_metrics")


@dataclass(frozen=True)
class ModelSpecs:
    """What an adapter has to know besides the hyperparameters.

    Attributes:
        config: the model's configuration, of the project's own class.
        seed: fixes initial weights and everything else that is random.
        epochs: how long to train at most.
        folder: where a killed training may leave what it needs to continue; None: nowhere.
        verbose: whether the training may print its own progress.
        tensorboard: where to write TensorBoard logs; None: nowhere.
        split: what `get_metrics` judges by: validation, or in the stage `evaluate` test.
        prune: says after each epoch, from the metrics of all epochs so far, whether a search has
            seen enough of this training; None: train to the end.
    """

    config: Any
    seed: int
    epochs: int
    folder: Path | None = None
    verbose: bool = False
    tensorboard: Path | None = None
    split: Split = "validation"
    prune: Callable[[list[dict[str, float]]], bool] | None = None

    @property
    def trial_config(self) -> Any:
        """The configuration with what this training does otherwise: seed, epochs, stopping."""
        stop = self.config.tuning.early_stopping or self.config.params.early_stopping
        changed: dict[str, Any] = {"epochs": self.epochs, "seed": self.seed, "early_stopping": stop}
        if self.config.tuning.max_instances_at_once > 1:
            changed["devices"] = "all"  # of those that this one of several trials was given
        params = self.config.params.model_copy(update=changed)
        return self.config.model_copy(update={"params": params})


class AdapterModel(ABC):
    """Seven steps, run in this order; a subclass must bring the first and the last two.

    It may also define `predict(inputs)`, which gets a batch of what the prepared data has, such as
    images uint8 (batch, height, width, channels), or arrays by name where there are several, and
    returns the task's outputs: probabilities (batch, classes), numbers, or objects (batch, n, 6).
    `modelyard predict` and `modelyard serve` call it after `load`, without any data.

    Attributes:
        epochs_trained: epochs behind the metrics; 0 where there are none.
        model: what `save` keeps, if the subclass does not save something else itself.
    """

    epochs_trained = 0
    model: Any = None

    def __init__(self, model_specs: ModelSpecs, hp_values: Hyperparameters) -> None:
        """Keep what the other steps need."""
        self.model_specs, self.hp_values = model_specs, hp_values

    def reformat(self) -> None:
        """Bring the annotations into the form the model expects."""

    def data_loader(self) -> None:
        """Open the data."""

    def preprocess(self) -> None:
        """Transform the data."""

    def build(self) -> None:
        """Build the model."""

    @abstractmethod
    def train(self) -> None:
        """Train the model."""

    @abstractmethod
    def get_metrics(self) -> dict[str, float]:
        """Return the metrics of the trained model by name."""

    def reported(self) -> list[str] | None:
        """Return the names of the metrics after `build`, None if only training tells."""
        return None

    def save(self, folder: Path) -> None:
        """Write the trained model: a pickle of `self.model`, `model.pkl`.

        A pickle is code that runs when it is loaded: load only your own.
        """
        if self.model is None:
            raise UserError(
                f"{type(self).__name__} of adapter.py has no self.model to save after `train`; "
                "set it there, or define save(folder) and load(folder)."
            )
        with whole_file(folder / "model.pkl") as temporary, temporary.open("wb") as file:
            pickle.dump(self.model, file)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote, in place of `build` and `train`."""
        path = folder / "model.pkl"
        if not path.is_file():
            raise UserError(f"{path} does not exist; train it first with `dvc repro`.")
        self.model = pickle.loads(path.read_bytes())  # noqa: S301  (the user's own, from `train`)


def run_steps(adapter: AdapterModel, *, until: str = STEPS[-1], explain: bool = True) -> None:
    """Run the steps in order, up to and including one of them.

    Raises:
        UserError: a step fails: which, where and why; without `explain` the error of the step.
    """
    for step in STEPS[: STEPS.index(until) + 1]:
        with explained(f"{step}()", "correct it") if explain else nullcontext():
            getattr(adapter, step)()


def checked_metrics(metrics: Any, config: Config, *, finite: bool = True) -> dict[str, float]:
    """Return what `get_metrics` returned with every number as a float.

    Raises:
        UserError: it is not a dict, is empty, or holds what is not a real number; NaN and infinity
            are accepted only where `finite` is false.
    """
    what = f"{config.adapter or 'src/tuner.py'}: get_metrics returned"
    if not isinstance(metrics, dict) or not metrics:
        example = "{'val_accuracy': 0.928}"
        raise UserError(f"{what} {metrics!r}; return a dict of real numbers such as {example}.")
    for name, value in metrics.items():
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not isinstance(name, str) or not real or (finite and not math.isfinite(value)):
            raise UserError(
                f"{what} {value!r} for {name!r}; return a real number, such as 0.928, by its name."
            )
    return {name: float(value) for name, value in metrics.items()}
