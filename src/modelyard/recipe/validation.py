"""Metrics of found objects during training: Keras cannot compute them batch by batch."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from modelyard.config import Config
from modelyard.data.manifest import Manifest, read_manifest
from modelyard.documents import flat
from modelyard.errors import UserError
from modelyard.tasks import Datasets, finished, meaning

History = Sequence[MutableMapping[str, float]]


def judged_names(manifest: Manifest) -> list[str]:
    """Return what TaskValidation adds: `val_box.map`, …; nothing for a classifier."""
    return [f"val_{name}" for name in meaning(manifest.head).JUDGED]


def is_asked_for(config: Config, manifest: Manifest) -> bool:
    """Say whether training or search are steered by such a metric; else nobody should wait."""
    return not _steering(config).keys().isdisjoint(judged_names(manifest))


def check_defined(config: Config, manifest: Manifest) -> None:
    """Refuse a metric that steers training or search, and that validation leaves undefined.

    Raises:
        UserError: naming its key in the configuration.
    """
    there = sum(count > 0 for count in manifest.counts["validation"].values())
    for metric, key in _steering(config).items():
        if metric in judged_names(manifest) and not there:
            what = "no object"
        elif metric == "val_auc" and manifest.head == "class" and there == 1:
            what = "one class only"
        else:
            continue
        raise UserError(_undefined(config, key, metric, what))


def _undefined(config: Config, key: str, metric: str, what: str) -> str:
    return (
        f"{config.file}: {key} is {metric!r}, which is undefined, as the validation split has "
        f"{what}; add images to it, or write val_loss."
    )


def _steering(config: Config) -> dict[str, str]:
    """Return the metrics by which training or search go, each with its key."""
    tuning = config.tuning
    found = {config.params.early_stopping.metric: "params.early_stopping.metric"}
    if tuning.tune:
        found |= {tuning.objective.metric: "tuning.objective.metric"}
        if tuning.early_stopping:
            found |= {tuning.early_stopping.metric: "tuning.early_stopping.metric"}
    return found


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
        self._manifest = read_manifest(config.input_paths.data)
        self._task = meaning(self._manifest.head)
        self._names = judged_names(self._manifest)
        self._finished: keras.Model | None = None
        self._last: dict[str, float] = {}

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Build the model that is judged once: it shares the weights of the one in training."""
        most = self._config.params.max_objects
        self._finished = finished(self._task, self.model, self._manifest, most)
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
            self._check_judged()
        if logs is not None:
            logs.update(self._last)

    def _check_judged(self) -> None:
        """Refuse to go on without a metric that steers: crowds alone are not objects to find."""
        for metric, key in _steering(self._config).items():
            if metric in self._names and metric not in self._last:
                raise UserError(_undefined(self._config, key, metric, "no object to find"))
