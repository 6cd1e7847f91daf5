"""Metrics of a model that gives each example any number of labels, counted batch by batch.

A label is said to be there if its probability is above a half. Each metric is the mean of the
labels that examples have: of another one there is nothing to measure.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from .answers.labels import HALF
from .class_metrics import FORMULAS, ClassAuc, ClassMetric

OF_ONE = ("balanced_accuracy", "exact_match")  # formulas for one class per example
SUBSET = ("accuracy", "exact_match", "subset_accuracy")  # three names of one metric


def _examples(y_true: Any, y_pred: Any, weights: Any, class_count: int) -> tuple[Any, Any, Any]:
    """Return the labels and the outputs (batch, classes), and weights (batch, 1)."""
    labels, outputs = (
        ops.reshape(ops.cast(one, "float32"), (-1, class_count)) for one in (y_true, y_pred)
    )
    weights = 1.0 if weights is None else ops.reshape(ops.cast(weights, "float32"), (-1, 1))
    return labels, outputs, weights


def _said(outputs: Any) -> Any:
    return ops.cast(outputs > HALF, "float32")


@keras.saving.register_keras_serializable("modelyard")
class LabelMetric(ClassMetric):
    """The mean of what can be counted by label: see FORMULAS of class_metrics."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch: rightly said, said, and there."""
        labels, outputs, weights = _examples(y_true, y_pred, sample_weight, self.class_count)
        said = _said(outputs)
        counted = ops.stack([labels * said, said, labels]) * weights
        self.counts.assign_add(ops.sum(counted, axis=1))

    @property
    def is_defined(self) -> bool:
        """Whether an example since the last reset had a label."""
        return float(ops.sum(self.counts[2])) > 0


@keras.saving.register_keras_serializable("modelyard")
class LabelAuc(ClassAuc):
    """The area under the ROC curve: the mean of the labels that some have and others lack."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count, by label and probability, the examples that have the label and those without."""
        self.count(*_examples(y_true, y_pred, sample_weight, self.class_count))

    @property
    def is_defined(self) -> bool:
        """Whether some examples since the last reset had a label that others lacked."""
        counts = ops.reshape(self.counts, (self.class_count, self.buckets, 2))
        return bool(ops.any(ops.all(ops.sum(counts, axis=1) > 0, axis=-1)))


@keras.saving.register_keras_serializable("modelyard")
class MeanAveragePrecision(LabelAuc):
    """The mean of each label's average precision: how far up its examples stand in a ranking."""

    def result(self) -> Any:
        """Return it for all batches since the last reset, 0 if no example has a label."""
        counts = ops.reshape(self.counts, (self.class_count, self.buckets, 2))
        right, wrong = ops.unstack(ops.cumsum(ops.flip(counts, axis=1), axis=1), axis=-1)
        precision = right / ops.maximum(right + wrong, 1e-12)
        there = right[:, -1]
        found = ops.flip(counts[..., 0], axis=1)  # by each threshold more, from the highest down
        average = ops.sum(found * precision, axis=1) / ops.maximum(there, 1e-12)
        defined = ops.cast(there > 0, "float32")
        return ops.sum(average * defined) / ops.maximum(ops.sum(defined), 1e-12)

    @property
    def is_defined(self) -> bool:
        """Whether an example since the last reset had a label."""
        return float(ops.sum(self.counts[:, 0])) > 0


@keras.saving.register_keras_serializable("modelyard")
class SubsetAccuracy(keras.metrics.Mean):
    """The share of the examples whose labels are all said, and no others."""

    def __init__(self, class_count: int, name: str) -> None:
        """Count nothing yet."""
        super().__init__(name=name)
        self.class_count = class_count

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        labels, outputs, _ = _examples(y_true, y_pred, None, self.class_count)
        right = ops.all(ops.equal(labels, _said(outputs)), axis=-1)
        super().update_state(ops.cast(right, "float32"), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal one."""
        return {"class_count": self.class_count, "name": self.name}


def _maker(kind: Callable[..., Any], name: str) -> Callable[[int], keras.metrics.Metric]:
    return lambda class_count: kind(class_count, name)


LABEL_METRICS: Mapping[str, Callable[[int], keras.metrics.Metric]] = {
    **{name: _maker(LabelMetric, name) for name in FORMULAS if name not in OF_ONE},
    **{name: _maker(SubsetAccuracy, name) for name in SUBSET},
    "auc": _maker(LabelAuc, "auc"),
    "mean_average_precision": _maker(MeanAveragePrecision, "mean_average_precision"),
}
"""By its name for `params.metrics` what makes a metric for so many labels."""
