"""Where images and their annotations lie: a part of the section `data` of the root config.yaml."""

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from .annotation_values import (
    SPLITS,
    TARGETS,
    BySplit,
    ClassNames,
    ColumnName,
    Columns,
    Delimiter,
    Encoding,
    Places,
    Split,
    Target,
)
from .section import Section

__all__ = [
    "SPLITS", "TARGETS", "AnnotationSource", "AnnotationType", "Places", "Split", "Target",
]  # fmt: skip

AnnotationType = Literal["folders", "csv", "coco", "yolo", "voc", "labelme", "via"]
FOR_SOME: dict[str, tuple[AnnotationType, ...]] = {  # keys that other formats have no use for
    "columns": ("csv", "via"),
    "delimiter": ("csv",),
    "label_delimiter": ("csv",),
    "split_column": ("csv", "coco"),
    "group_column": ("csv", "coco"),
    "crowds": ("coco",),
}


class AnnotationSource(Section):
    r"""Where images and their annotations lie, and how these are written.

    Attributes:
        root: the folder that DVC tracks; everything else lies inside.
        images: the folder that the annotations' paths start from, relative to root; by split, it
            says in which split its images are.
        annotations: a file (csv, coco, via), or the folder in which each image has a file of its
            own path and name (yolo, voc, labelme), relative to root; folders need none.
        columns: the names in a CSV's header by what they mean here, or their positions from 1 in a
            file without a header; for via, the attribute that is the class. In place of `class`, a
            CSV may have `labels`, any number of classes in a cell, or `value`, a number to learn.
        delimiter: between the columns of a CSV: one character, a tab is "\t".
        label_delimiter: between the classes in a cell of the column `labels`: one character.
        encoding: of a CSV, as Python names it, such as utf-16 or cp1252.
        split_column: a column, or a key of COCO's images, with the split.
        split_lists: files that list the paths of a split's images, one per line; images in no list
            are left out.
        group_column: a column, or a key of COCO's images; a group is never divided by splits.
        class_names: by what annotations say: in order of 0, 1, …, or by each label.
        crowds: what happens to objects with `iscrowd: 1`: neither learned nor judged, or learned as
            any other; tools such as CVAT mark every mask that is stored as runs so.
    """

    annotation_type: AnnotationType
    root: Path
    images: Places = "."
    annotations: Places = "."
    columns: Columns = Field(default={})
    delimiter: Delimiter = ","
    label_delimiter: Delimiter = ";"
    encoding: Encoding = "utf-8"
    split_column: ColumnName | None = None
    split_lists: BySplit = Field(default={})
    group_column: ColumnName | None = None
    class_names: ClassNames = Field(default=[])
    crowds: Literal["ignore", "learn"] = "ignore"

    @model_validator(mode="after")
    def _keys_of_the_format(self) -> Self:
        """Refuse what would be ignored in silence."""
        for key, kinds in FOR_SOME.items():
            default = type(self).model_fields[key].default
            if self.annotation_type not in kinds and getattr(self, key) != default:
                raise ValueError(
                    f"{key} is for annotation_type {' or '.join(kinds)}, not for "
                    f"{self.annotation_type}; drop it"
                )
        return self

    @property
    def target(self) -> Target:
        """What is learned of an image: its class, or with a CSV several labels or a value."""
        return next((one for one in TARGETS if one in self.columns), "class")

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        named = [one for one in TARGETS if one in self.columns]
        if len(named) > 1:
            raise ValueError(
                f"columns names {' and '.join(named)}; one of class, labels and value is learned"
            )
        if self.target != "class" and self.annotation_type != "csv":
            raise ValueError(
                f"columns.{self.target} is for annotation_type csv, not for "
                f"{self.annotation_type}; drop it"
            )
        if self.target != "labels" and self.label_delimiter != ";":
            raise ValueError(
                "label_delimiter is for several classes in a cell; name their column in columns, "
                "such as {labels: tags}"
            )
        return self

    @model_validator(mode="after")
    def _one_split_per_folder(self) -> Self:
        if isinstance(self.images, dict):
            folders = {split: Path(os.path.normpath(one)) for split, one in self.images.items()}
            for split, folder in folders.items():
                for other, outer in folders.items():
                    if split != other and folder.is_relative_to(outer):
                        raise ValueError(
                            f"images of {split} ({folder}) lie inside those of {other} ({outer}); "
                            "an image in two splits would falsify the test"
                        )
        return self

    @model_validator(mode="after")
    def _names_or_positions(self) -> Self:
        found: dict[str, str | int | None] = {
            f"columns.{key}": one for key, one in self.columns.items()
        }
        found |= {"split_column": self.split_column, "group_column": self.group_column}
        name = next((key for key, one in found.items() if isinstance(one, str)), None)
        position = next((key for key, one in found.items() if isinstance(one, int)), None)
        if name and position:
            raise ValueError(
                "columns, split_column and group_column mix names and positions; write names for "
                "a file with a header, positions from 1 for one without "
                f"({name} is {found[name]!r}, {position} is {found[position]!r})"
            )
        return self
