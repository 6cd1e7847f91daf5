"""The section `data` of the root config.yaml: the whole recipe from raw to processed."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from .annotation_section import SPLITS, AnnotationSource, Split
from .image_section import ImageReading, Positive
from .section import ProjectPath, Section

__all__ = ["SPLITS", "DataConfig", "Positive", "Split", "Splits", "Task"]

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
    Literal["image_classification", "object_detection", "instance_segmentation"],
    BeforeValidator(task_of),
]


class Splits(Section):
    """Shares of the examples; they sum to 1.

    Attributes:
        train: what models learn from.
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


class DataConfig(AnnotationSource, ImageReading):
    """`data` in the root config.yaml: the whole recipe from raw to processed.

    Attributes:
        max_bad_share: of the entries that cannot be used; up to it they are left out and listed.
        max_duplicate_share: of the validation and test images that are, or nearly are, in another
            split too.
    """

    task: Task = "image_classification"
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
