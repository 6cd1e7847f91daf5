"""Read annotations of every task, CSV or COCO, and leave out what cannot be learned from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.errors import UserError

from .coco import read_coco
from .csv_layouts import BOXES, CLASSES, read_layout
from .listing import Bad, Example, Listed, Listing, Object
from .masks import mask_box, mask_problem

if TYPE_CHECKING:
    from modelyard.config.data_section import DataConfig

__all__ = ["Example", "Object", "read_annotations"]

Size = tuple[int, int]


class _UnusableError(Exception):
    """Why an image or an object is left out."""


def read_annotations(config: "DataConfig") -> tuple[list[Example], list[str]]:
    """Return the usable examples in the file's order, and a sentence for each entry left out.

    Boxes may reach over the edge of their image, but not lie outside it. An image without objects
    is an example too, unless it had some and none can be used: nobody said that nothing is there.

    Raises:
        UserError: an unreadable file, nothing usable, or more bad entries than
            `data.max_bad_share` allows.
    """
    listing = _listing(config)
    examples = list(_usable(config, listing))
    _check_share(listing, config.max_bad_share)
    if not any(not one.crowd for example in examples for one in example.objects):
        raise UserError(
            f"{listing.file} has {len(examples)} usable images and no object in any of them; "
            "there is nothing to learn: annotate some."
        )
    return examples, [bad.sentence(listing.file) for bad in listing.bad]


def _check_share(listing: Listing, allowed: float) -> None:
    bad, file = listing.bad, listing.file
    if not bad or len(bad) / listing.entries <= allowed:
        return
    if len(bad) == 1 and not allowed:
        raise UserError(bad[0].sentence(file))
    raise UserError(
        f"{file}: {len(bad)} of {listing.entries} entries are bad, more than the share of "
        f"{allowed:g} that data.max_bad_share in config.yaml allows, first {listing.first_bad}; "
        "mend or drop them, or raise the share and they are left out."
    )


def _listing(config: "DataConfig") -> Listing:
    file = config.root / config.annotations
    if config.annotation_type == "coco":
        return read_coco(file)
    if config.task == "instance_segmentation":
        raise UserError(
            "config.yaml: data.annotation_type is csv, which has no masks; for "
            "instance_segmentation set it to coco, and data.annotations to a file in COCO's JSON."
        )
    return read_layout(file, BOXES if config.task == "object_detection" else CLASSES)


def _usable(config: "DataConfig", listing: Listing) -> Iterator[Example]:
    """Yield what can be learned from; note in the listing what cannot."""
    for path, listed in listing.images.items():
        objects: tuple[Object, ...] = ()
        try:
            if not (config.root / path).is_file():
                raise _UnusableError(f"{path} is not in {config.root}")
            if config.task == "image_classification":
                objects = _label(path, listed)
            else:
                objects = _objects(config, listing, path, listed)
        except _UnusableError as error:
            listing.bad.append(Bad(listed.where, str(error)))
        else:
            if objects or not (listed.objects or listed.spoiled):
                yield Example(path, objects, listed.split)


def _label(path: str, listed: Listed) -> tuple[Object, ...]:
    """Return the image's class as its one object; none if what named it cannot be read."""
    labels = sorted({one.label for _, one in listed.objects})
    if len(labels) > 1:
        raise _UnusableError(
            f"{path} is of {len(labels)} classes, {', '.join(labels)}; one is needed"
        )
    if not labels and not listed.spoiled:
        raise _UnusableError(f"{path} is of no class")
    return tuple(Object(label, None) for label in labels)


def _objects(
    config: "DataConfig", listing: Listing, path: str, listed: Listed
) -> tuple[Object, ...]:
    size = _size(config.root / path, listed)
    usable = []
    for where, one in listed.objects:
        try:
            usable.append(_object(one, size, masks=config.task == "instance_segmentation"))
        except _UnusableError as error:
            listing.bad.append(Bad(where, str(error)))
    return tuple(usable)


def _size(file: Path, listed: Listed) -> Size:
    """Return the image's height and width, of which a file of annotations may be wrong."""
    from modelyard.data.images import image_size  # Pillow is needed only here

    try:
        size = image_size(file)
    except UserError:
        raise _UnusableError(f"{file} cannot be read as an image") from None
    if listed.size not in (None, size):
        listed_height, listed_width = listed.size
        raise _UnusableError(
            f"{file} is {size[1]} x {size[0]} pixels, not {listed_width} x {listed_height}"
        )
    return size


def _object(one: Object, size: Size, *, masks: bool) -> Object:
    """Return the object as a task learns it: with a box, with a mask only if it needs masks."""
    one = _masked(one, size) if masks else replace(one, mask=None)
    if one.box is None:
        raise _UnusableError(f"an object of class {one.label} has no box")
    x1, y1, x2, y2 = one.box
    height, width = size
    box = f"the box {x1}, {y1}, {x2}, {y2} (x1, y1, x2, y2)"
    if x2 <= x1 or y2 <= y1:
        raise _UnusableError(f"{box} has no area")
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        raise _UnusableError(f"{box} lies outside its image of {width} x {height} pixels")
    return one


def _masked(one: Object, size: Size) -> Object:
    if one.mask is None and one.crowd and one.box:
        x1, y1, x2, y2 = one.box  # all of it is ignored
        return replace(one, mask=[[x1, y1, x2, y1, x2, y2, x1, y2]])
    problem = mask_problem(one.mask, size)
    if problem:
        raise _UnusableError(f"the mask of an object of class {one.label} {problem}")
    return one if one.box else replace(one, box=mask_box(one.mask, size))
