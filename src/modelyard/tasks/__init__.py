"""Tasks: what a model's inputs, targets and outputs mean, as the prepared data says.

What an example is, its kind, stands in `kinds`; what a target means, its head, in a module here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from modelyard.config import Config
from modelyard.config.data_section import Split
from modelyard.config.image_section import Resize
from modelyard.config.params import MOST_OBJECTS
from modelyard.data.manifest import Head, Manifest, read_manifest

from .outputs import LAST, head_of

if TYPE_CHECKING:
    import keras
    import numpy as np

    from modelyard.data.view import View

__all__ = [
    "Datasets", "Form", "Inputs", "Judged", "Output", "Task", "finished", "meaning",
    "output_activation", "task_of", "told_by",
]  # fmt: skip

Inputs = Any
"""A batch of what a saved model takes: an array, or arrays by name where there are several."""

Form = Callable[[Inputs], "np.ndarray"]
"""A saved model in any form: a batch of inputs to outputs."""

HEADS: dict[Head, str] = {
    "class": "single_label",
    "labels": "multi_label",
    "number": "number",
    "boxes": "object_detection",
    "masks": "instance_segmentation",
}
"""The module of each head."""


class Datasets(Protocol):
    """What a project's DataProvider must offer.

    Attributes:
        train, validation, test: batches (inputs, targets) of what the saved model takes and of
            what it learns, tf.data.Dataset.
        classes: their names, in the order of the labels; none where a number is learned.
    """

    config: Any
    classes: list[str]
    train: Any
    validation: Any
    test: Any

    def in_order(self, split: Split) -> Any:
        """Return a split as it was prepared, so that outputs can be matched with annotations."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the order in which `train` is iterated next."""


@dataclass(frozen=True)
class Judged:
    """A saved model, and the test split that it is judged by, a batch at a time.

    Attributes:
        predict: the model as Keras loads it.
    """

    config: Config
    data: Datasets
    predict: Form

    def inputs(self) -> Iterator[Inputs]:
        """Yield what the test split has in batches of 32, whatever batches were trained in."""
        from .batches import in_batches  # numpy, which not every stage needs

        return in_batches(inputs for inputs, _ in self.data.test)

    def outputs(self, form: Form | None = None) -> "Iterator[np.ndarray]":
        """Yield the outputs of the model, or of another form of it, batch by batch."""
        return map(form or self.predict, self.inputs())


@dataclass(frozen=True)
class Output:
    """What a saved model says of one input.

    Attributes:
        values: its output, without the axis of the batch.
        about: `output` of the model's predict_configuration.yaml.
        size: (height, width) of the image.
        seen: (height, width) of what the model saw of it.
        resize: how the one became the other.
    """

    values: "np.ndarray"
    about: Mapping[str, Any]
    size: tuple[int, int] = (0, 0)
    seen: tuple[int, int] = (0, 0)
    resize: Resize = "stretch"

    @property
    def classes(self) -> list[str]:
        """Their names, in the order of the labels; none where the model says a number."""
        return list(self.about.get("classes", []))

    @property
    def view(self) -> "View":
        """Where in the image lies what the model says."""
        from modelyard.data.view import view_of  # Pillow, which not every stage needs

        return view_of(self.size, self.seen, self.resize)


class Task(Protocol):
    """What a module in here brings.

    Besides, it may define `begin(model, config)`, which returns the network that learns in place of
    the one that was built; `finish(model, manifest, most)`; `loss(name, config)`, which returns
    what a loss of Keras is here; and `warning(config)`: what to know of the prepared data before
    the first epoch, or None.

    Attributes:
        JUDGED: what `judge` measures that Keras does not report by itself, by dotted name.
        LOSSES: by its name for `params.loss` what makes a loss for so many classes; empty: those
            of Keras.
        ALWAYS: those of METRICS that `evaluate` measures whatever `params.metrics` names.
        METRICS: by its name for `params.metrics` what makes a metric for so many classes, before
            those of Keras.
    """

    ALWAYS: tuple[str, ...]
    JUDGED: tuple[str, ...]
    LOSSES: Mapping[str, Callable[[int], Any]]
    METRICS: Mapping[str, Callable[[int], Any]]
    ROW: tuple[str, ...]

    def join(self, *targets: Any) -> Any:
        """Return the one tensor that the loss compares with the model's output."""

    def problem(self, outputs: "np.ndarray", class_count: int) -> str | None:
        """Say what is wrong with a batch of the network's outputs, or None."""

    def judge(
        self, model: "keras.Model", data: Datasets, split: Split, batches: int = -1
    ) -> dict[str, Any]:
        """Return the saved model's metrics on a split, or on its first batches."""

    def details(self, judged: Judged) -> dict[str, Any]:
        """Write the test split's tables and pictures; return its metrics by class."""

    def compare(self, judged: Judged, exported: Form) -> dict[str, Any]:
        """Say how far an export's outputs on the test split are from the model's."""

    def comparable(self, outputs: "np.ndarray") -> "np.ndarray":
        """Return what of the outputs (examples, …) tells whether two models predict the same."""

    def scores(self, folder: Path, outputs: "Iterable[np.ndarray]") -> dict[str, Any]:
        """Return the metrics of outputs on the test split of prepared data, also by class."""


def meaning(head: Head) -> Task:
    """Import the module of a head; this imports TensorFlow."""
    return cast("Task", import_module(f".{HEADS[head]}", __package__))


def task_of(config: Config) -> Task:
    """Return what the targets of a model's prepared data mean; this imports TensorFlow."""
    return meaning(read_manifest(config.input_paths.data).head)


def output_activation(config: Config) -> str | None:
    """Return the activation of a network's last layer that fits the targets it learns.

    That is softmax for one class per example, sigmoid for several labels, None for a number.
    """
    return LAST.get(read_manifest(config.input_paths.data).head)


def told_by(about: Mapping[str, Any]) -> Task:
    """Return what a model says, by its predict_configuration.yaml; this imports TensorFlow."""
    return meaning(head_of(about))


def finished(
    task: Task, model: "keras.Model", manifest: Manifest, most: int = MOST_OBJECTS
) -> "keras.Model":
    """Return the network from what it takes to what users want to know.

    That is the trained network itself, unless the task defines `finish`; `most` is how many objects
    it says of one image, `params.max_objects`.
    """
    finish = getattr(task, "finish", None)
    return finish(model, manifest, most) if finish else model
