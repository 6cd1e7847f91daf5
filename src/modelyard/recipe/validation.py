"""Metrics of found objects during training: Keras cannot compute them batch by batch."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from modelyard.config import Config
from modelyard.documents import flat
from modelyard.tasks import Datasets, finished, load_task

History = Sequence[MutableMapping[str, float]]


def judged_names(config: Config) -> list[str]:
    """Return what TaskValidation adds: `val_box.map`, …; nothing for a classifier."""
    return [f"val_{name}" for name in load_task(config.task).JUDGED]


def is_asked_for(config: Config) -> bool:
    """Say whether training or search are steered by such a metric; else nobody should wait."""
    tuning = config.tuning
    steering = {config.params.early_stopping.metric}
    if tuning.tune:
        steering |= {one.metric for one in (tuning.objective, tuning.early_stopping) if one}
    return not steering.isdisjoint(judged_names(config))


@contextmanager
def _averaged(model: keras.Model, ema: float) -> Iterator[None]:
    """Have the moving average of the weights, if there is one, in their place in the block."""
    if not ema:
        yield
        return
    swap = keras.callbacks.SwapEMAWeights()
    swap.set_model(model)
    swap.on_test_begin()
    yield
    swap.on_test_end()


class TaskValidation(keras.callbacks.Callback):
    """Judges the model on the validation split and adds `val_box.map`, … to an epoch's values.

    It does so after the first epoch, the last and every `every`-th; those in between get the last
    values again. It must stand before the callbacks that read them. `history` returns the values
    of the epochs so far, of which a resumed training needs the last.
    """

    def __init__(
        self,
        data: Datasets,
        config: Config,
        every: int = 1,
        history: Callable[[], History] = list,
    ) -> None:
        """Keep what judging needs."""
        super().__init__()
        self._data, self._config, self._every, self._history = data, config, every, history
        self._task, self._names = load_task(config.task), judged_names(config)
        self._finished: keras.Model | None = None
        self._last: dict[str, float] = {}

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Build the model that is judged once: it shares the weights of the one in training."""
        self._finished = finished(self._task, self.model, len(self._data.classes))
        earlier = self._history()
        if earlier:
            self._last = {name: earlier[-1][name] for name in self._names if name in earlier[-1]}

    def on_epoch_end(self, epoch: int, logs: MutableMapping[str, Any] | None = None) -> None:
        """Add the values of this epoch, or the last ones."""
        done = epoch + 1
        if not self._last or done % self._every == 0 or done in {1, self.params["epochs"]}:
            with _averaged(self.model, self._config.params.ema):
                judged = self._task.judge(self._finished, self._data, "validation")
            self._last = {f"val_{name}": float(str(value)) for name, value in flat(judged)}
        if logs is not None:
            logs.update(self._last)
