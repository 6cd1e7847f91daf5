"""What a file of annotations lists, whatever its format: images, their objects, bad entries."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from modelyard.config.annotation_section import Split
from modelyard.errors import UserError

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Object:
    """One annotated thing.

    Attributes:
        box: x1, y1, x2, y2 in pixels of the original image; None in classification.
        mask: COCO's `segmentation` as the file has it: polygons, or an RLE.
        crowd: many of its kind in one; neither learned nor judged.
        value: the number to learn of an image, whose label is how that is written; None: a class.
    """

    label: str
    box: Box | None
    mask: Any = None
    crowd: bool = False
    value: float | None = None


@dataclass(frozen=True)
class Example:
    """One annotated image.

    Attributes:
        path: relative to the data's root.
        split: where the annotations say it belongs; None: they do not say.
        group: what it belongs to that no split may divide, such as a patient; None: nothing.
        where: the line, or the id, that lists it.
    """

    path: str
    objects: tuple[Object, ...]
    split: Split | None = None
    group: str | None = None
    where: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """The class of the image: its first object's."""
        return self.objects[0].label


class Bad(NamedTuple):
    """What a file says that cannot be used, and where."""

    where: str
    what: str

    def sentence(self, file: Path) -> str:
        """Say it of a file, and what to do."""
        return f"{file}, {self.where}: {self.what}; mend or drop it."


@dataclass
class Listed:
    """An image as a file lists it, not looked at yet.

    Attributes:
        where: the line, or the image's id.
        objects: each with the line, or the annotation's id.
        size: height, width, where the file says so.
        spoiled: an object of it could not be read.
        split: as the file says; None where it does not.
        group: as the file says; None where it does not.
        missing: why the image is not there; an empty string if it is.
    """

    where: str
    objects: list[tuple[str, Object]] = field(default_factory=list)
    size: tuple[int, int] | None = None
    spoiled: bool = False
    split: Split | None = None
    group: str | None = None
    missing: str = ""


@dataclass
class Listing:
    """What a file of annotations holds: images by path, and what of it cannot be read.

    Attributes:
        entries: how many rows, or images and annotations, the file has.
        classes: also those that no object has; a CSV cannot list these.
        ignored: how many files were skipped because they are not images, by suffix.
        notes: what whoever reads this should know, in sentences.
    """

    file: Path
    entries: int
    images: dict[str, Listed] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def first_bad(self) -> str:
        """The first three bad entries, for a sentence."""
        return "; ".join(f"{where}: {what}" for where, what in self.bad[:3])

    def check_share(self, allowed: float) -> None:
        """Refuse more bad entries than the share that is allowed.

        Raises:
            UserError: naming the first ones.
        """
        if not self.bad or len(self.bad) / self.entries <= allowed:
            return
        if len(self.bad) == 1 and not allowed:
            raise UserError(self.bad[0].sentence(self.file))
        raise UserError(
            f"{self.file}: {len(self.bad)} of {self.entries} entries are bad, more than the share "
            f"of {allowed:g} that data.max_bad_share in config.yaml allows, first "
            f"{self.first_bad}; mend or drop them, or raise the share and they are left out."
        )

    def spoil(self, path: str | None, where: str, what: str) -> None:
        """Note an object that cannot be read, and the image that lacks it now."""
        self.bad.append(Bad(where, what))
        if path in self.images:
            self.images[path].spoiled = True

    def examples(self) -> list[Example]:
        """Return all images as they are listed, whether they exist or not."""
        return [
            Example(
                path,
                tuple(one for _, one in listed.objects),
                listed.split,
                listed.group,
                listed.where,
            )
            for path, listed in self.images.items()
        ]


def missing(file: Path) -> UserError:
    """Return the error that there is no such file."""
    return UserError(
        f"{file} does not exist; correct data.root and data.annotations in config.yaml, "
        "or `dvc pull` the data."
    )
