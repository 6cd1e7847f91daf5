"""Tasks: what a model's targets and outputs mean, chosen by `task` in its configuration."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..utils.schema import Config

if TYPE_CHECKING:
    import keras
    import numpy as np

    from ..data.data_provider import DataProvider
    from ..utils.manifest import Split


class Task(Protocol):
    """What a module in here brings.

    Attributes:
        TARGETS: kinds of `<split>_<kind>.npy` that `prepare` writes beside the images.
        LOSSES: names for `params.loss` that only this task knows; empty: those of Keras.
        ROW: the columns of `rows`.
    """

    TARGETS: tuple[str, ...]
    LOSSES: tuple[str, ...]
    ROW: tuple[str, ...]

    def join(self, *targets: Any) -> Any:
        """Return the one tensor that the loss compares with the model's output."""

    def loss(self, name: str, class_count: int) -> Any:
        """Return what `compile` takes as the loss."""

    def finish(self, model: "keras.Model", class_count: int) -> "keras.Model":
        """Return the model that is saved: from pixels to what users want to know."""

    def output(self, classes: list[str]) -> dict[str, Any]:
        """Describe the saved model's output for those who only predict."""

    def judge(
        self, model: "keras.Model", data: "DataProvider", split: "Split", batches: int = -1
    ) -> dict[str, Any]:
        """Return the saved model's metrics on a split, or on its first batches."""

    def details(
        self, config: Config, data: "DataProvider", outputs: "np.ndarray"
    ) -> dict[str, Any]:
        """Write the test split's tables and pictures; return its metrics by class."""

    def compare(
        self, data: "DataProvider", outputs: "np.ndarray", exported: "np.ndarray"
    ) -> dict[str, Any]:
        """Say how far an export's outputs on the test split are from the model's."""

    def comparable(self, outputs: "np.ndarray") -> "np.ndarray":
        """Return what of the outputs (images, …) tells whether two models predict the same."""

    def rows(
        self,
        output: "np.ndarray",
        classes: list[str],
        size: tuple[int, int],
        seen: tuple[int, int],
    ) -> list[dict[str, object]]:
        """Return one image's output as table rows.

        `size` is the image's (height, width), `seen` that of what the model saw of it.
        """

    def answer(
        self,
        output: "np.ndarray",
        classes: list[str],
        size: tuple[int, int],
        seen: tuple[int, int],
    ) -> list[dict[str, Any]]:
        """Return all that is worth telling of one image's output, as JSON; see `rows`."""


def load_task(name: str) -> Task:
    """Import a task by its name in the configuration; this imports TensorFlow."""
    return cast("Task", import_module(f".{name}", __package__))
