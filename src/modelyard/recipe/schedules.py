"""Learning rates that change: a function of the step alone, so that a resumed training repeats it.

The rate is set, not compiled in: the optimizer that is saved is one of Keras' own.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras

from modelyard.config.hyperparameters import Hyperparameters
from modelyard.config.schema import Config
from modelyard.config.training_section import (
    Cosine,
    Exponential,
    Piecewise,
    ReduceOnPlateau,
)
from modelyard.config.tuning_section import EarlyStopping

History = Callable[[], Sequence[dict[str, float]]]


class LearningRate(keras.callbacks.Callback):
    """Sets the learning rate before each step of an epoch that needs it."""

    def __init__(self, config: Config, values: Hyperparameters, history: History) -> None:
        """Follow `params.schedule` below the hyperparameter; `history` gives the epochs so far."""
        super().__init__()
        self.config, self.history = config, history
        self.peak = float(values["learning_rate"])

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Note which epoch it is, and what the ones before say."""
        self.epoch, self.factor = epoch, self._factor()
        self._set(epoch)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Set the rate of the step."""
        self._set(self.epoch + batch / self._steps)

    @property
    def _steps(self) -> int:
        return self.params["steps"] or 1

    def _factor(self) -> Callable[[float], float]:
        """Return the share of the peak by the epochs that have passed."""
        schedule = self.config.params.schedule
        if isinstance(schedule, ReduceOnPlateau):
            share = plateau(schedule, self.config.params.early_stopping, self.history())
            return lambda _: share
        if schedule is None:
            return lambda _: 1.0
        return partial(share_after, schedule, self.config.params.epochs)

    def _set(self, passed: float) -> None:
        warmup = self.config.params.schedule.warmup_epochs  # type: ignore[union-attr]
        rising = min(1.0, (passed + 1 / self._steps) / warmup) if warmup else 1.0
        self.model.optimizer.learning_rate = self.peak * rising * self.factor(passed)


def share_after(schedule: Cosine | Exponential | Piecewise, epochs: int, passed: float) -> float:
    """Return the share of the learning rate after so many epochs, warm-up left aside."""
    passed_since = max(passed - schedule.warmup_epochs, 0.0)
    if isinstance(schedule, Cosine):
        progress = min(passed_since / max(epochs - schedule.warmup_epochs, 1e-9), 1.0)
        cosine = (1 + math.cos(math.pi * progress)) / 2
        return schedule.final_share + (1 - schedule.final_share) * cosine
    if isinstance(schedule, Exponential):
        return float(schedule.factor**passed_since)
    factors = [f for n, f in zip(schedule.epochs, schedule.factors, strict=True) if passed >= n]
    return factors[-1] if factors else 1.0


def plateau(
    schedule: ReduceOnPlateau, stop: EarlyStopping, history: Sequence[dict[str, float]]
) -> float:
    """Return the share that is left after the epochs so far; nothing else is remembered."""
    share, best, waited = 1.0, 0, 0
    for epoch, logs in enumerate(history):
        if epoch and stop.better(logs[stop.metric], history[best][stop.metric], stop.min_delta):
            best, waited = epoch, 0
        elif epoch:
            waited += 1
        if waited >= schedule.patience:
            share, waited = max(share * schedule.factor, schedule.least_share), 0
    return share
