"""What the section `data` of the root config.yaml has whatever an example is."""

import math
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from .section import ProjectPath, Section

Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
SHORT_TASKS = {  # ZazuML's words for the same
    "classification": "image_classification",
    "detection": "object_detection",
    "instance segmentation": "instance_segmentation",
}


def task_of(word: Any) -> Any:
    """Return a task's name for one of ZazuML's words; anything else stays as it is."""
    return SHORT_TASKS.get(word, word) if isinstance(word, str) else word


Task = Annotated[
    Literal[
        "image_classification",
        "object_detection",
        "instance_segmentation",
        "text_classification",
        "tabular",
        "custom",
    ],
    BeforeValidator(task_of),
]


FIND_OBJECTS = ("object_detection", "instance_segmentation")
OF_IMAGES = ("image_classification", *FIND_OBJECTS)


class Splits(Section):
    """Shares of the examples; they sum to 1.

    Attributes:
        train: what models learn from.
        validation: chooses the best epoch and the hyperparameters.
        test: judges once, at the end.
    """

    train: Fraction
    validation: Fraction
    test: Fraction

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = self.train + self.validation + self.test
        if not math.isclose(total, 1, abs_tol=1e-6):
            raise ValueError(f"the shares sum to {total:g}; they must sum to 1")
        return self


class SharedData(Section):
    """What every kind of data has: where it lies, and how it is divided.

    Attributes:
        task: what an example is, and what is learned of it.
        max_bad_share: of the entries that cannot be used; up to it they are left out and listed.
        max_duplicate_share: of the validation and test examples that are, or nearly are, in another
            split too.
        root: the folder that DVC tracks; all else lies inside.
        processed: what `prepare` writes and every model reads.
        splits: shares of every class; not used where the data names the split of each example.
        seed: the same seed draws the same splits.
    """

    NOUN: ClassVar[str] = "example"  # what messages call one

    task: Task
    max_bad_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    max_duplicate_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    root: ProjectPath
    processed: ProjectPath
    splits: Splits
    seed: Seed

    @model_validator(mode="after")
    def _keep_the_raw_data(self) -> Self:
        """`prepare` replaces `processed` as a whole: nothing of `root` may be in it."""
        root, processed = self.root.resolve(), self.processed.resolve()
        if root.is_relative_to(processed) or processed.is_relative_to(root):
            raise ValueError(
                f"processed {self.processed} and root {self.root} overlap; `prepare` replaces "
                "the whole folder, name a folder of its own such as data/processed/digits"
            )
        return self
