"""The section `data` of the root config.yaml: the whole recipe from raw to processed."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .section import ProjectPath, Section

Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Task = Literal["image_classification", "object_detection", "instance_segmentation"]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


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


class DataConfig(Section):
    """`data` in the root config.yaml: the whole recipe from raw to processed."""

    task: Task = "image_classification"
    annotation_type: Literal["csv", "coco"]
    max_bad_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    root: ProjectPath
    annotations: str = Field(min_length=1)
    processed: ProjectPath
    image_size: list[Positive] = Field(min_length=2, max_length=2)
    channels: Literal[1, 3]
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
