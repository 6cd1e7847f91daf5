"""Metrics of a classifier with integer labels, counted batch by batch.

Keras' own Precision, Recall, F1Score and AUC want one-hot labels. Each is the mean of the classes
that examples have: of another one there is nothing to measure. `exact_match` is the share of the
examples whose class is right.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

THRESHOLDS = 200  # as keras.metrics.AUC; what lies between two neighbours is not told apart
Counts = tuple[Any, Any, Any]


def _divided(part: Any, whole: Any) -> Any:
    """Return a quotient of counts, 0 where nothing was counted."""
    return part / ops.maximum(whole, 1e-12)


def _mean(values: Any, there: Any) -> Any:
    """Return the mean of the classes that examples have."""
    counted = ops.cast(there > 0, "float32")
    return _divided(ops.sum(values * counted), ops.sum(counted))


def _precision(right: Any, found: Any, there: Any) -> Any:
    return _mean(_divided(right, found), there)


def _recall(right: Any, _: Any, there: Any) -> Any:
    return _mean(_divided(right, there), there)


def _f1(right: Any, found: Any, there: Any) -> Any:
    return _mean(_divided(2 * right, found + there), there)


def _exact(right: Any, _: Any, there: Any) -> Any:
    return _divided(ops.sum(right), ops.sum(there))


FORMULAS: Mapping[str, Callable[..., Any]] = {
    "precision": _precision,
    "recall": _recall,
    "macro_f1": _f1,
    "f1": _f1,
    "f1_score": _f1,
    "balanced_accuracy": _recall,
    "exact_match": _exact,
}


def _examples(labels: Any, outputs: Any, weights: Any, class_count: int) -> tuple[Any, Any, Any]:
    """Return which class each example has, one-hot, the outputs, and weights (batch, 1)."""
    outputs = ops.reshape(ops.cast(outputs, "float32"), (-1, class_count))
    if len(labels.shape) == len(outputs.shape) and labels.shape[-1] == class_count > 1:
        labels = ops.argmax(labels, axis=-1)  # one-hot, or mixed of two
    classes = ops.one_hot(ops.cast(ops.reshape(labels, (-1,)), "int32"), class_count)
    weights = 1.0 if weights is None else ops.reshape(ops.cast(weights, "float32"), (-1, 1))
    return classes, outputs, weights


@keras.saving.register_keras_serializable("modelyard")
class ClassMetric(keras.metrics.Metric):
    """What can be counted by class, most of it as a mean: see FORMULAS.

    Like all of Keras' `metrics` it is not weighted by `class_weight`; as one of
    `weighted_metrics` it is.
    """

    def __init__(self, class_count: int, name: str) -> None:
        """Count nothing yet; `name` is one of FORMULAS."""
        super().__init__(name=name)
        self.class_count = class_count
        self.counts = self.add_weight(
            shape=(3, class_count), initializer="zeros", dtype="float32", name="counts"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch: right, taken for the class, and of the class."""
        classes, outputs, weights = _examples(y_true, y_pred, sample_weight, self.class_count)
        found = ops.one_hot(ops.argmax(outputs, axis=-1), self.class_count)
        counted = ops.stack([classes * found, found, classes]) * weights
        self.counts.assign_add(ops.sum(counted, axis=1))

    def result(self) -> Any:
        """Return the metric of all batches since the last reset."""
        return FORMULAS[self.name](*ops.unstack(ops.convert_to_tensor(self.counts), 3))

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal one."""
        return {"class_count": self.class_count, "name": self.name}


@keras.saving.register_keras_serializable("modelyard")
class ClassAuc(keras.metrics.Metric):
    """The area under the ROC curve, each class against the rest: the mean of those there are."""

    def __init__(self, class_count: int, name: str) -> None:
        """Count nothing yet."""
        super().__init__(name=name)
        self.class_count, self.buckets = class_count, THRESHOLDS - 1
        self.counts = self.add_weight(
            shape=(class_count * self.buckets, 2), initializer="zeros", dtype="float32",
            name="counts",
        )  # fmt: skip

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count, by class and probability, the examples that are of the class and those not."""
        self.count(*_examples(y_true, y_pred, sample_weight, self.class_count))

    def count(self, classes: Any, outputs: Any, weights: Any) -> None:
        """Count a batch: which classes it has and what was said of them, both (batch, classes)."""
        bucket = ops.clip(ops.ceil(outputs * self.buckets) - 1, 0, self.buckets - 1)
        place = ops.cast(bucket, "int32") + ops.arange(self.class_count) * self.buckets
        counted = ops.stack([classes * weights, (1 - classes) * weights], axis=-1)
        flat = ops.reshape(counted, (-1, 2)), ops.reshape(place, (-1,))
        self.counts.assign_add(ops.segment_sum(*flat, self.class_count * self.buckets))

    def result(self) -> Any:
        """Return the area of all batches since the last reset, 0 if there is no curve."""
        counts = ops.reshape(self.counts, (self.class_count, self.buckets, 2))
        above = ops.flip(ops.cumsum(ops.flip(counts, axis=1), axis=1), axis=1)
        rates = _divided(above, above[:, :1])  # true and false positives from each threshold on
        rates = ops.concatenate([rates, ops.zeros_like(rates[:, :1])], axis=1)
        right, wrong = rates[..., 0], rates[..., 1]
        strips = (wrong[:, :-1] - wrong[:, 1:]) * (right[:, :-1] + right[:, 1:]) / 2
        defined = ops.cast(ops.all(above[:, 0] > 0, axis=-1), "float32")
        return _divided(ops.sum(ops.sum(strips, axis=1) * defined), ops.sum(defined))

    @property
    def is_defined(self) -> bool:
        """Whether examples since the last reset were of two classes or more."""
        counts = ops.reshape(self.counts, (self.class_count, self.buckets, 2))
        return int(ops.sum(ops.cast(ops.sum(counts[..., 0], axis=1) > 0, "int32"))) > 1

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal one."""
        return {"class_count": self.class_count, "name": self.name}


def metric(name: str, class_count: int) -> keras.metrics.Metric:
    """Return one of CLASS_METRICS; it reports itself under the name given here."""
    return CLASS_METRICS[name](class_count)


def _maker(name: str) -> Callable[[int], keras.metrics.Metric]:
    kind = ClassAuc if name == "auc" else ClassMetric
    return lambda class_count: kind(class_count, name)


CLASS_METRICS: Mapping[str, Callable[[int], keras.metrics.Metric]] = {
    name: _maker(name) for name in (*FORMULAS, "auc")
}
"""By its name for `params.metrics` what makes a metric for so many classes."""
