"""What predicts, whatever it was saved by: examples in, rows of a table or answers out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator

from modelyard.config.data_section import Task
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.tasks import Output
from modelyard.tasks.answers import Answers, answers_of
from modelyard.tasks.kinds import Given, Inputs, Kind, kind_of

AGAIN = "`dvc pull` or train it again"
PROBABILITIES: Literal["probabilities"] = "probabilities"


class NotFiniteError(UserError):
    """A model answers with NaN or infinity."""


class _Output(BaseModel):
    activation: Literal["probabilities", "labels", "number", "objects"] = PROBABILITIES
    classes: list[str] = Field(default=[], validate_default=True)

    @field_validator("classes")
    @classmethod
    def _some(cls, classes: list[str], info: ValidationInfo) -> list[str]:
        if not classes and info.data.get("activation") != "number":
            raise ValueError("a model of classes has some")
        return classes


class _Description(BaseModel):
    """What a predict_configuration.yaml must tell besides `input`; more is kept."""

    model: str
    task: Task
    input: dict[str, Any]
    output: _Output


class Predicting(ABC):
    """A saved model that turns examples into rows of a table.

    Attributes:
        file: the saved model.
        folder: where its predict_configuration.yaml lies, and what else is known of it.
        about: its predict_configuration.yaml.
        kind: how examples become what it takes, as those were read that it has learned from.
        task: what its outputs tell.
        model: what predicts: a Keras model, or an adapter.
        ANY_THREAD: whether one thread may call it now, another later.
    """

    ANY_THREAD: ClassVar[bool] = True
    file: Path
    folder: Path
    about: dict[str, Any]
    kind: Kind
    task: Answers
    model: Any

    @property
    def classes(self) -> list[str]:
        """Their names, in the order of the outputs; none where it says a number."""
        return list(self.about["output"].get("classes", []))

    def rows(self, givens: Sequence[Given]) -> list[list[dict[str, object]]]:
        """Return what the model says of each example, as rows of a table.

        Raises:
            UserError: see `outputs`.
        """
        said = zip(givens, self.said(givens), strict=True)
        return [[{**one.where, **row} for row in self.task.rows(out)] for one, out in said]

    def told(self, given: Given, output: Output) -> dict[str, Any]:
        """Return what the model says of an example, as JSON; `output` is one of `said`."""
        return {**self.kind.told(given), "predictions": self.task.answer(output)}

    def said(self, givens: Sequence[Given]) -> list[Output]:
        """Return what the model says of each example; those of one shape are one batch.

        Raises:
            UserError: see `outputs`.
        """
        found: dict[int, Output] = {}
        alike: dict[object, list[int]] = {}
        for place, one in enumerate(givens):
            shapes = tuple(map(np.shape, one.values.values()))
            alike.setdefault(shapes, []).append(place)
        for places in alike.values():
            some = [givens[place] for place in places]
            for place, one, values in zip(
                places, some, self.outputs(self.kind.batch(some)), strict=True
            ):
                found[place] = Output(values, self.about["output"], **self.kind.seen(one))
        return [found[place] for place in range(len(givens))]

    def outputs(self, inputs: Inputs) -> np.ndarray:
        """Return what the model says of a batch.

        Raises:
            NotFiniteError: it says NaN or infinity.
            UserError: it says a class that its description does not name.
        """
        outputs = self._say(inputs)
        if not np.isfinite(outputs).all():
            raise NotFiniteError(
                f"{self.file} answers with numbers that are not finite (NaN or infinity); train it "
                "again."
            )
        columns = self.about["output"].get("columns", [])
        found = outputs[..., columns.index("class")] if "class" in columns else outputs[:0]
        if found.size and found.max() >= len(self.classes):
            raise UserError(
                f"{self.folder / 'predict_configuration.yaml'} names {len(self.classes)} classes, "
                f"but {self.file} finds others; {AGAIN}."
            )
        return outputs

    def blame(self) -> str:
        """Say what is wrong with an example that the model answers with NaN or infinity.

        Raises:
            NotFiniteError: it answers everything so; the model is to blame.
        """
        self.outputs(self.kind.blank(1))
        return (
            f"the model's answer to this {self.kind.NAME} is not finite (NaN or infinity); look "
            "for extreme values in it"
        )

    @abstractmethod
    def _say(self, inputs: Inputs) -> np.ndarray:
        """Return the model's outputs, whatever they are."""


def described(path: Path) -> dict[str, Any]:
    """Read a predict_configuration.yaml.

    Raises:
        UserError: there is none, or it does not describe a model.
    """
    document = read_yaml(path, AGAIN)
    place: tuple[str, ...] = ()
    try:
        _Description.model_validate(document)
        place = ("input",)
        kind_of(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, (*place, *first["loc"])))
        wrong = f"{key or 'it'}: {first['msg']}"
    except UserError as error:
        wrong = f"input.kind: {error}"
    else:
        return dict(document)
    raise UserError(f"{path} does not describe a model ({wrong}); {AGAIN}.")


def told_here(about: dict[str, Any], description: Path) -> Answers:
    """Return what the outputs of a described model tell.

    Raises:
        UserError: that needs a package which is not installed.
    """
    try:
        return answers_of(about)
    except ModuleNotFoundError as error:
        raise UserError(
            f"{description}: task is {about['task']!r}, which needs more than is here ({error}); "
            "bake a project of that task."
        ) from None
