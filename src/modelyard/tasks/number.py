"""A number per example; the output is in the unit of the target.

The network learns the target's distance from the training mean in standard deviations. A layer
behind it turns that back, so that whatever is measured or said is in the target's own unit.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from modelyard.config import Config, measured
from modelyard.config.data_section import Split
from modelyard.config.keras_names import plain
from modelyard.errors import UserError
from modelyard.files import read_csv, write_csv

from . import Datasets, Form, Judged
from .keras_metrics import defined_metrics
from .number_metrics import NUMBER_METRICS

ALWAYS, JUDGED = measured.ALWAYS["number"], measured.JUDGED["number"]
LOSSES: Mapping[str, Callable[[int], Any]] = {}
METRICS = NUMBER_METRICS
OF_CLASSES = ("crossentropy", "hinge", "accuracy", "auc", "focal", "f1")  # parts of Keras' names
UNIT = "unit"  # the layer that gives the output its unit


class Scale(NamedTuple):
    """Mean and standard deviation of the training targets."""

    mean: float
    deviation: float


def scale_of(folder: Path) -> Scale:
    """Return mean and standard deviation of the training targets of prepared data."""
    values = np.load(folder / "train_values.npy").astype(np.float64)
    deviation = float(values.std())
    return Scale(float(values.mean()), deviation if deviation > 0 else 1.0)


def begin(model: keras.Model, config: Config) -> keras.Model:
    """Return the network with the layer behind it that gives its output the target's unit."""
    mean, deviation = scale_of(config.input_paths.data)
    layer = keras.layers.Rescaling(deviation, mean, dtype="float32", name=UNIT)
    inputs = model.inputs[0] if len(model.inputs) == 1 else model.input
    return keras.Model(inputs, layer(model.outputs[0]), name=model.name)


def loss(name: str, config: Config) -> keras.losses.Loss:
    """Return a loss of Keras as it is of targets and outputs in standard deviations.

    So mean_squared_error is 1 for a model that always says the mean, whatever the target's unit.

    Raises:
        UserError: it is a loss of classes.
    """
    _check(name, "loss", "mean_squared_error", config)
    for metric in config.params.metrics:
        if metric not in METRICS:
            _check(metric, "metrics", "mae", config)
    return ScaledLoss(name, scale_of(config.input_paths.data).deviation)


def _check(name: str, key: str, instead: str, config: Config) -> None:
    if any(part in plain(name) for part in OF_CLASSES):
        raise UserError(
            f"{config.file}: params.{key} has {name}, which is of classes, but the target is a "
            f"number; write {instead}, or let data.target_type in config.yaml be class."
        )


class ScaledLoss(keras.losses.Loss):
    """A loss of Keras, of targets and outputs in standard deviations of the target."""

    def __init__(self, name: str, deviation: float) -> None:
        """Keep the loss, and what to divide by."""
        super().__init__(name=plain(name))
        self.inner, self.deviation = keras.losses.get(name), deviation

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each example (batch,)."""
        divided = [keras.ops.cast(one, "float32") / self.deviation for one in (y_true, y_pred)]
        of_each = getattr(self.inner, "call", self.inner)
        return of_each(*divided)


def join(values: Any) -> Any:
    """Return the targets (batch, 1)."""
    return values[:, None]


def problem(outputs: np.ndarray, class_count: int) -> str | None:
    """Say what is wrong with a batch of outputs, or None."""
    if outputs.shape[1:] != (class_count,):
        return (
            f"the outputs are {outputs.shape}, but the target is one number; end with "
            "Dense(class_count), where class_count is 1"
        )
    if not np.isfinite(outputs).all():
        return "the outputs of the new network are not finite; look at its layers and their values"
    return None


def judge(model: keras.Model, data: Datasets, split: Split, batches: int = -1) -> dict[str, Any]:
    """Return loss and metrics as compiled; r2 of equal targets is absent."""
    return defined_metrics(model, getattr(data, split).take(batches))


def details(judged: Judged) -> dict[str, Any]:
    """Write predictions.csv, one row per test example; return what saying the mean would give."""
    config, folder = judged.config, judged.config.input_paths.data
    said = np.concatenate([batch.reshape(-1) for batch in judged.outputs()]).astype(np.float64)
    examples = read_csv(folder / "test.csv", ("path", "value"), len(said))
    actual = np.array([float(row["value"]) for row in examples])
    rows = (
        {
            "path": example["path"],
            "actual": example["value"],
            "predicted": f"{one:.7g}",
            "error": f"{one - target:.7g}",
        }
        for example, target, one in zip(examples, actual, said, strict=True)
    )
    write_csv(config.output_paths.training_metrics / "predictions.csv", rows)
    return {"baseline": errors_of(actual, np.full(len(actual), scale_of(folder).mean))}


def errors_of(actual: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """Return mae, rmse and r2; no r2 where all targets are equal."""
    apart = said - actual
    spread = float(((actual - actual.mean()) ** 2).sum())
    found = {"mae": float(np.abs(apart).mean()), "rmse": float(np.sqrt((apart**2).mean()))}
    return found | ({"r2": 1 - float((apart**2).sum()) / spread} if spread else {})


def compare(judged: Judged, exported: Form) -> dict[str, float]:
    """Return the largest difference of two outputs, of numbers above 1 as a share of them."""
    pairs = ((judged.predict(inputs), exported(inputs)) for inputs in judged.inputs())
    differences = [(np.abs(two - one) / np.maximum(np.abs(one), 1)).max() for one, two in pairs]
    return {"max_difference": float(np.max(differences))}


def comparable(outputs: np.ndarray) -> np.ndarray:
    """Return the numbers (examples, 1)."""
    return outputs


def scores(folder: Path, outputs: Iterable[np.ndarray]) -> dict[str, Any]:
    """Return mae, rmse and r2 of outputs on the test split."""
    said = np.concatenate([batch.reshape(-1) for batch in outputs]).astype(np.float64)
    return errors_of(np.load(folder / "test_values.npy").astype(np.float64), said)
