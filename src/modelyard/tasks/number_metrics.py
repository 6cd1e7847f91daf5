"""Metrics of a number, added up batch by batch in float64, in the unit of the target."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("modelyard")
class NumberMetric(keras.metrics.Metric):
    """mae (mean absolute error), rmse (root of the mean squared error) or r2.

    r2 is the share of the target's variance that the model explains: 1 is exact, 0 is as good as
    always saying the mean, and there is no limit below.
    """

    def __init__(self, name: str) -> None:
        """Add up nothing yet; `name` is one of NUMBER_METRICS."""
        super().__init__(name=name)
        self.sums = self.add_weight(
            shape=(5,), initializer="zeros", dtype="float64", name="sums"
        )  # examples, absolute errors, squared errors, targets, squared targets

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch: targets and outputs (batch,) or (batch, 1)."""
        actual, said = (ops.reshape(ops.cast(one, "float64"), (-1,)) for one in (y_true, y_pred))
        weights = ops.ones_like(actual)
        if sample_weight is not None:
            weights = ops.reshape(ops.cast(sample_weight, "float64"), (-1,))
        apart = said - actual
        parts = (ops.ones_like(actual), ops.abs(apart), apart**2, actual, actual**2)
        self.sums.assign_add(ops.stack([ops.sum(one * weights) for one in parts]))

    def result(self) -> Any:
        """Return the metric of all batches since the last reset."""
        count, absolute, squared, total, squares = ops.unstack(ops.convert_to_tensor(self.sums), 5)
        count = ops.maximum(count, 1e-12)
        if self.name == "mae":
            return absolute / count
        if self.name == "rmse":
            return ops.sqrt(squared / count)
        return 1 - squared / ops.maximum(squares - total * total / count, 1e-12)

    @property
    def is_defined(self) -> bool:
        """Whether targets since the last reset differ; r2 compares with their variance."""
        count, _, _, total, squares = ops.unstack(ops.convert_to_tensor(self.sums), 5)
        spread = squares - total * total / ops.maximum(count, 1e-12)
        return self.name != "r2" or bool(spread > 1e-12 * ops.maximum(squares, 1e-300))

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal one."""
        return {"name": self.name}


def _maker(name: str) -> Callable[[int], keras.metrics.Metric]:
    return lambda _: NumberMetric(name)


NUMBER_METRICS: Mapping[str, Callable[[int], keras.metrics.Metric]] = {
    name: _maker(name) for name in ("mae", "rmse", "r2")
}
"""By its name for `params.metrics` what makes a metric."""
