"""Adopting images: what annotates them, what they are, and the section that reads both."""

from collections.abc import Mapping
from typing import Any

from modelyard.adopting.kinds import Source, Understood
from modelyard.adopting.others import fitting_task, has_nothing
from modelyard.adopting.sections import checked
from modelyard.config.annotation_section import AnnotationSource
from modelyard.config.data_section import ImageData, SharedData
from modelyard.data.looking.choosing import look
from modelyard.data.looking.tree import Tree
from modelyard.data.manifest import Head
from modelyard.errors import UserError

from .fitting import best_exif, fitted
from .images import examine
from .summary import Seen
from .trial import try_out

SECTION: type[SharedData] = ImageData
ORDER = (
    "task", "annotation_type", "max_bad_share", "max_duplicate_share", "root", "images",
    "annotations", "columns", "label_delimiter", "delimiter", "encoding", "split_column",
    "split_lists", "group_column", "class_names", "crowds", "processed", "image_size", "channels",
    "resize", "exif", "background", "sixteen_bit_range", "splits", "seed",
)  # fmt: skip
COMMENTS = {
    "annotation_type": "folders, csv, coco, yolo, voc, labelme or via",
    "images": "inside root; where the annotations' paths start from",
    "columns": "what the columns that are used are called",
    "label_delimiter": "between the classes of an image, in one cell",
    "group_column": "what it names is never divided by splits",
    "exif": "apply the orientation that a camera noted, or ignore it",
    "sixteen_bit_range": "what becomes 0 and 255 of images with 16 bits",
}
RENEWED = ("annotation_type",)
HEADS: dict[str, Head] = {"object_detection": "boxes", "instance_segmentation": "masks"}
TARGETS: dict[str, Head] = {
    "labels": "labels",
    "value": "number",
}  # by the column in place of a class


def understand(
    source: Source, old: ImageData, wanted: Mapping[str, Any], asked: Mapping[str, Any]
) -> Understood:
    """Look at a folder of images, and try out what `prepare` will make of it.

    Raises:
        UserError: nothing can be learned from it.
    """
    if source.file:
        raise UserError(f"{source.named} is not a folder; name one with images.")
    folder, tree = source.folder, Tree(source.folder)
    if not tree.images and fitting_task(tree):
        raise UserError(has_nothing(tree, "image", old.task))
    described = {key: one for key, one in wanted.items() if key in AnnotationSource.model_fields}
    found = look(tree, old.task, described)
    images = examine(folder, tree.images)
    if not images.facts:
        first = next(iter(images.unreadable.values()))
        raise UserError(
            f"{folder}: not one of {len(tree.images)} images can be read, first {first}"
        )
    data = {**fitted(old, found.keys, source, images), **wanted}
    data |= {"columns": found.keys["columns"]} if "columns" in wanted else {}  # with those seen
    checked(ImageData, data, asked)
    if "exif" not in wanted:
        data = best_exif(data, folder, images)
    trial = try_out(data, folder, wanted)
    lines = list(Seen(tree, found, images, trial, data).lines())
    return Understood(source, data, _head(data), len(trial.indices["train"]), lines)


def _head(data: Mapping[str, Any]) -> Head:
    """Return what is learned of an image."""
    columns = data.get("columns", {})
    for column, head in TARGETS.items():
        if column in columns:
            return head
    return HEADS.get(data["task"], "class")
