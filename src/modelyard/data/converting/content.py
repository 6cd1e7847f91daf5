"""What is converted: annotated images, whatever format they were read from."""

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from modelyard.config.annotation_section import AnnotationSource
from modelyard.data.annotations.listing import Bad, Example, Listing

Size = tuple[int, int]  # height, width
# By format, what a sentence calls it.
FORMATS = {
    "folders": "one folder per class",
    "csv": "a CSV",
    "coco": "COCO's JSON",
    "yolo": "YOLO's text",
    "voc": "Pascal VOC's XML",
    "labelme": "LabelMe's JSON",
    "via": "VIA's JSON",
}


class Described(AnnotationSource):
    """A source, and whether its images are turned as EXIF says: their sizes depend on it."""

    exif: Literal["apply", "ignore"] = "ignore"


@dataclass(frozen=True)
class Content:
    """Annotated images.

    Attributes:
        base: the folder that the paths of examples start from.
        classes: all that are known, also those of no object.
        exif: whether images are turned as EXIF says.
    """

    base: Path
    examples: list[Example]
    classes: list[str]
    exif: Literal["apply", "ignore"] = "ignore"
    _sizes: dict[str, Size] = field(default_factory=dict, compare=False)

    @property
    def used(self) -> list[str]:
        """The classes that objects have."""
        return sorted({one.label for example in self.examples for one in example.objects})

    def size(self, path: str) -> Size:
        """Return an image's height and width, read once.

        Raises:
            UserError: it cannot be read as an image.
        """
        from modelyard.data.images import image_size  # Pillow is needed only here

        if path not in self._sizes:
            self._sizes[path] = image_size(self.base / path, self.exif)
        return self._sizes[path]

    def missing(self) -> list[str]:
        """Return the paths of images that are not there."""
        paths = (example.path for example in self.examples)
        return [path for path in paths if not (self.base / path).is_file()]


def drop_other_sizes(listing: Listing, source: Described) -> None:
    """Note as bad, and drop, images that are not of the size that the annotations count in.

    Raises:
        UserError: an image cannot be read.
    """
    from modelyard.data.images import image_size  # Pillow is needed only here

    for path, listed in [*listing.images.items()]:
        if listed.size is None or not (source.root / path).is_file():
            continue
        size = image_size(source.root / path, source.exif)
        if size != listed.size:
            what = (
                f"{path} is {size[1]} x {size[0]} pixels, not {listed.size[1]} x {listed.size[0]}"
            )
            if size == listed.size[::-1]:
                what += (
                    "; if EXIF turns it, convert a config.yaml with data.exif of the other value"
                )
            listing.bad.append(Bad(listed.where, what))
            del listing.images[path]


def content_of(listing: Listing, source: Described) -> Content:
    """Return what a listing holds, with paths below the folder of images.

    Images of which all objects are bad are left out: nobody said that nothing is there.
    """
    base = source.images if isinstance(source.images, str) else "."
    examples = [
        example
        for example in listing.examples()
        if example.objects or not listing.images[example.path].spoiled
    ]
    if any(posixpath.relpath(one.path, base).startswith("../") for one in examples):
        base = "."
    moved = [replace(one, path=posixpath.relpath(one.path, base)) for one in examples]
    used = {one.label for example in moved for one in example.objects}
    return Content(source.root / base, moved, sorted({*listing.classes, *used}), source.exif)


def below_one_root(folders: Sequence[Path]) -> tuple[Path, list[str]]:
    """Return the deepest folder that holds all of these, and their paths below it.

    Links are followed, for what they lead to must be below it too; below the working directory
    the folder is relative to it.
    """
    real = [os.path.realpath(folder) for folder in folders]
    root = os.path.commonpath(real)
    here = Path.cwd().resolve()
    shown = Path(root).relative_to(here) if Path(root).is_relative_to(here) else Path(root)
    return shown, [posixpath.relpath(folder, root) for folder in real]
