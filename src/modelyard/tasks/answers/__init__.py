"""What a saved model's output tells people, head by head; nothing here imports TensorFlow."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from modelyard.data.manifest import Head
from modelyard.tasks import Output
from modelyard.tasks.outputs import head_of

from . import classes, labels, number

__all__ = ["Answers", "answers_of"]

PLAIN: dict[Head, Any] = {"class": classes, "labels": labels, "number": number}


class Answers(Protocol):
    """What each module in here brings.

    Attributes:
        ROW: the columns of `rows`.
    """

    ROW: tuple[str, ...]

    def rows(self, output: Output) -> list[dict[str, object]]:
        """Return one example's output as table rows."""

    def answer(self, output: Output) -> list[dict[str, Any]]:
        """Return all that is worth telling of one example's output, as JSON."""


def answers_of(about: Mapping[str, Any]) -> Answers:
    """Return what a model's outputs tell, by its predict_configuration.yaml."""
    head = head_of(about)
    if head in PLAIN:
        return cast("Answers", PLAIN[head])
    from . import objects  # pycocotools, which few projects have

    return cast("Answers", objects)
