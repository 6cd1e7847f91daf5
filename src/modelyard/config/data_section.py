"""The section `data` of the root config.yaml: the whole recipe from raw to processed."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Tag

from .annotation_section import SPLITS, AnnotationSource, Split
from .image_section import ImageReading, Positive
from .section import ProjectPath
from .shared_section import Seed, SharedData, Splits, Task, task_of
from .table_section import TableData
from .text_section import TextData

__all__ = [
    "SECTIONS", "SPLITS", "CustomData", "DataConfig", "ImageData", "Positive", "Seed", "SharedData",
    "Split", "Splits", "TableData", "Task", "TextData", "section_of", "task_of",
]  # fmt: skip


class ImageData(AnnotationSource, ImageReading, SharedData):
    """`data` where an example is an image: annotated in one of seven formats."""

    NOUN: ClassVar[str] = "image"

    task: Task = "image_classification"  # any: an unknown one is refused by the whole list
    root: ProjectPath  # AnnotationSource takes any folder


class CustomData(SharedData):
    """`data` where the team's own code reads the examples, in src/data/data_provider.py."""

    task: Literal["custom"]


SECTIONS: dict[str, type[SharedData]] = {
    "text_classification": TextData,
    "tabular": TableData,
    "custom": CustomData,
}
"""The section of each task that is not of images."""


def section_of(task: object) -> type[SharedData]:
    """Return the class of the section `data` for a task; of an unknown one that of images."""
    return SECTIONS.get(task, ImageData) if isinstance(task, str) else ImageData


def _tag(document: Any) -> str:
    is_document = isinstance(document, Mapping)
    found = document.get("task") if is_document else getattr(document, "task", None)
    return section_of(found).__name__


DataConfig = Annotated[
    Annotated[ImageData, Tag("ImageData")]
    | Annotated[TextData, Tag("TextData")]
    | Annotated[TableData, Tag("TableData")]
    | Annotated[CustomData, Tag("CustomData")],
    Discriminator(_tag),
]
