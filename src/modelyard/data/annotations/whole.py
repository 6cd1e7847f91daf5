"""What is said of a source or a listing as a whole, rather than of one entry."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from modelyard.errors import UserError

from .exact import is_number
from .listing import Example, Listing, Object

if TYPE_CHECKING:
    from modelyard.config.data_section import ImageData

RUNS = "the masks that are stored as runs (RLE) are all crowds, as CVAT marks them: "


def check_format(config: "ImageData") -> None:
    """Refuse a format that cannot hold what the task needs.

    Raises:
        UserError: it is that.
    """
    kind, task = config.annotation_type, config.task
    if kind == "folders" and task != "image_classification":
        raise UserError(
            f"config.yaml: data.annotation_type is folders, which only name classes; for {task} "
            "set it to a format with objects, such as coco, and data.annotations to its file."
        )
    if kind in ("csv", "voc") and task == "instance_segmentation":
        raise UserError(
            f"config.yaml: data.annotation_type is {kind}, which has no masks; for "
            "instance_segmentation set it to coco, and data.annotations to a file in COCO's JSON."
        )


def check_listing(config: "ImageData", listing: Listing) -> None:
    """Refuse objects without what the task needs, and boxes that are not in pixels.

    Raises:
        UserError: no object has a box, or a mask for segmentation; all are within 0..1.
    """
    objects = [one for listed in listing.images.values() for _, one in listed.objects]
    if config.task == "image_classification" or not objects:
        return
    masks = config.task == "instance_segmentation"
    if not any(one.mask or (one.box and (not masks or one.crowd)) for one in objects):
        kind = "masks" if masks else "boxes"
        csv = "; name the columns of its boxes in data.columns" * (config.annotation_type == "csv")
        raise UserError(
            f"{listing.file} has objects, but no {kind}, which {config.task} needs"
            f"{csv}, or correct data.task in config.yaml."
        )
    shapes = [list(_coordinates(one)) for one in objects]
    if any(shapes) and all(0 <= number <= 1 for numbers in shapes for number in numbers):
        raise UserError(
            f"{listing.file}: all boxes ({len(objects)}) are within 0..1: they look like shares of "
            "the image, not pixels; multiply x by the image's width and y by its height."
        )


def _coordinates(one: Object) -> Iterator[float]:
    """Yield the numbers of a box, or of polygons where there is none."""
    if one.box:
        yield from one.box
    elif isinstance(one.mask, list):
        for polygon in one.mask:
            yield from filter(is_number, polygon if isinstance(polygon, list) else [])


def note_crowds(listing: Listing, examples: Sequence[Example]) -> None:
    """Note how many objects are crowds, and which classes have no other."""
    objects = [one for example in examples for one in example.objects]
    crowds = [one for one in objects if one.crowd]
    if not crowds:
        return
    note = f"crowds (iscrowd: 1) are not learned or judged: {len(crowds)} of {len(objects)} objects"
    only = sorted({one.label for one in crowds} - {one.label for one in objects if not one.crowd})
    if only:
        note += f", among them all of {', '.join(only)}"
    runs = [
        one.crowd
        for path in {example.path for example in examples}
        for _, one in listing.images[path].objects
        if isinstance(one.mask, dict)
    ]
    why = RUNS if runs and all(runs) else ""
    listing.notes.append(
        f"{note}; {why}if each is a single object, set data.crowds in config.yaml to learn."
    )


def check_objects(examples: Sequence[Example], listing: Listing) -> None:
    """Refuse data in which there is nothing to learn.

    Raises:
        UserError: no image has an object that is not a crowd.
    """
    objects = [one for example in examples for one in example.objects]
    if objects and all(one.crowd for one in objects):
        raise UserError(
            f"{listing.file}: all objects ({len(objects)}) are crowds (iscrowd: 1), which are not "
            "learned or judged; if each is a single object, as in exports of CVAT, set "
            "data.crowds in config.yaml to learn."
        )
    if not objects:
        raise UserError(
            f"{listing.file} has {len(examples)} usable images and no object in any of them; "
            "there is nothing to learn: annotate some."
        )
