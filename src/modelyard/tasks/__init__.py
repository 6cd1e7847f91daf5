"""Tasks: what a model's targets and outputs mean, chosen by `task` in its configuration."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from modelyard.config import Config
from modelyard.config.data_section import Split
from modelyard.config.image_section import Resize
from modelyard.config.params import MOST_OBJECTS

if TYPE_CHECKING:
    import keras
    import numpy as np

    from modelyard.data.view import View

__all__ = ["Datasets", "Form", "Judged", "Output", "Task", "finished", "load_task"]

Form = Callable[["np.ndarray"], "np.ndarray"]
"""A saved model in any form: a batch of images (batch, height, width, channels) to outputs."""


class Datasets(Protocol):
    """What a project's DataProvider must offer.

    Attributes:
        train, validation, test: batches (inputs, targets), tf.data.Dataset.
        classes: their names, in the order of the labels.
        input_shape: of one input, (height, width, channels) for images.
    """

    config: Any
    classes: list[str]
    input_shape: tuple[int, int, int]
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

    def images(self) -> "Iterator[np.ndarray]":
        """Yield the test images in batches of 32, whatever batches they were trained in."""
        from .batches import in_batches  # numpy, which not every stage needs

        return in_batches(images for images, _ in self.data.test)

    def outputs(self, form: Form | None = None) -> "Iterator[np.ndarray]":
        """Yield the outputs of the model, or of another form of it, batch by batch."""
        return map(form or self.predict, self.images())


@dataclass(frozen=True)
class Output:
    """What a saved model says of one input.

    Attributes:
        values: its output, without the axis of the batch.
        classes: their names, in the order of the labels.
        size: (height, width) of the image.
        seen: (height, width) of what the model saw of it.
        resize: how the one became the other.
    """

    values: "np.ndarray"
    classes: list[str]
    size: tuple[int, int]
    seen: tuple[int, int]
    resize: Resize = "stretch"

    @property
    def view(self) -> "View":
        """Where in the image lies what the model says."""
        from modelyard.data.view import view_of  # Pillow, which not every stage needs

        return view_of(self.size, self.seen, self.resize)


class Task(Protocol):
    """What a module in here brings.

    Besides, it may define `finish(model, class_count, most)`, and `warning(config)`: what to know
    of the prepared data before the first epoch, or None.

    Attributes:
        ARRAYS: kinds of `<split>_<kind>.npy` that `prepare` writes beside the images.
        JUDGED: what `judge` measures that Keras does not report by itself, by dotted name.
        LOSSES: by its name for `params.loss` what makes a loss for so many classes; empty: those
            of Keras.
        METRICS: by its name for `params.metrics` what makes a metric for so many classes, before
            those of Keras.
        ROW: the columns of `rows`.
    """

    ARRAYS: tuple[str, ...]
    JUDGED: tuple[str, ...]
    LOSSES: Mapping[str, Callable[[int], Any]]
    METRICS: Mapping[str, Callable[[int], Any]]
    ROW: tuple[str, ...]

    def join(self, *targets: Any) -> Any:
        """Return the one tensor that the loss compares with the model's output."""

    def output(self, classes: list[str]) -> dict[str, Any]:
        """Describe the saved model's output for those who only predict."""

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
        """Return what of the outputs (images, …) tells whether two models predict the same."""

    def rows(self, output: Output) -> list[dict[str, object]]:
        """Return one image's output as table rows."""

    def answer(self, output: Output) -> list[dict[str, Any]]:
        """Return all that is worth telling of one image's output, as JSON."""


def load_task(name: str) -> Task:
    """Import a task by its name in the configuration; this imports TensorFlow."""
    return cast("Task", import_module(f".{name}", __package__))


def finished(
    task: Task, model: "keras.Model", class_count: int, most: int = MOST_OBJECTS
) -> "keras.Model":
    """Return the model that is saved, from inputs to what users want to know.

    That is the trained model itself, unless the task defines `finish`; `most` is how many objects
    it says of one image, `params.max_objects`.
    """
    finish = getattr(task, "finish", None)
    return finish(model, class_count, most) if finish else model
