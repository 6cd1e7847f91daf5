"""What of a listing can be learned from: images that are there, objects that are possible."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from modelyard.errors import UserError

from .listing import Bad, Example, Listed, Listing, Object
from .masks import mask_box, mask_problem
from .places import PlaceError, Places

if TYPE_CHECKING:
    from modelyard.config.data_section import ImageData

Size = tuple[int, int]
Known = defaultdict[Any, list[tuple[str, Any]]]  # where and mask by class, box, crowd


class _UnusableError(Exception):
    """Why an image or an object is left out."""


def usable(config: "ImageData", listing: Listing) -> Iterator[Example]:
    """Yield what can be learned from; note in the listing what cannot."""
    places = Places(config)
    for path, listed in listing.images.items():
        objects: tuple[Object, ...] = ()
        try:
            _check_file(config.root, path, listed, places)
            if config.target == "labels":
                objects = _labels(listing, path, listed)
            elif config.task == "image_classification":
                objects = _label(listing, path, listed)
            else:
                objects = tuple(_objects(config, listing, path, listed))
        except _UnusableError as error:
            listing.bad.append(Bad(listed.where, str(error)))
        else:
            if objects or not (listed.objects or listed.spoiled):
                yield Example(path, objects, listed.split, listed.group, listed.where)


def _check_file(root: Path, path: str, listed: Listed, places: Places) -> None:
    if listed.missing or not (root / path).is_file():
        raise _UnusableError(listed.missing or f"{path} is not in {root}")
    try:
        places.check(path)
    except PlaceError as error:
        raise _UnusableError(str(error)) from None


def _label(listing: Listing, path: str, listed: Listed) -> tuple[Object, ...]:
    """Return the image's class as its one object; none if what named it cannot be read."""
    labels = sorted({one.label for _, one in listed.objects})
    if len(labels) > 1:
        numbers = any(one.value is not None for _, one in listed.objects)
        raise _UnusableError(
            f"{path} {'has' if numbers else 'is of'} {len(labels)} "
            f"{'values' if numbers else 'classes'}, {', '.join(labels)}; one is needed"
        )
    if not labels and not listed.spoiled:
        raise _UnusableError(f"{path} is of no class")
    return tuple(dict.fromkeys(_new(listing, path, listed)))


def _labels(listing: Listing, path: str, listed: Listed) -> tuple[Object, ...]:
    """Return each class of the image once, as objects."""
    if listed.spoiled:
        raise _UnusableError(f"another row of {path} is bad, so not all of its labels are known")
    return tuple(sorted(_new(listing, path, listed), key=lambda one: one.label))


def _new(listing: Listing, path: str, listed: Listed) -> Iterator[Object]:
    """Yield what the rows of an image say without repeating another; those are bad entries."""
    known: Known = defaultdict(list)
    for where, one in listed.objects:
        try:
            _check_new(known, path, where, one)
        except _UnusableError as error:
            listing.bad.append(Bad(where, str(error)))
        else:
            yield replace(one, box=None, mask=None, crowd=False)


def _objects(config: "ImageData", listing: Listing, path: str, listed: Listed) -> Iterator[Object]:
    size = _size(config, config.root / path, listed)
    known: Known = defaultdict(list)
    for where, one in listed.objects:
        learned = replace(one, crowd=one.crowd and config.crowds == "ignore")
        try:
            learned = _object(learned, size, masks=config.task == "instance_segmentation")
            _check_new(known, path, where, one)
        except _UnusableError as error:
            listing.bad.append(Bad(where, str(error)))
        else:
            yield learned


def _check_new(known: Known, path: str, where: str, one: Object) -> None:
    """Refuse an object that its image has already: it would be learned and missed twice."""
    same = known[one.label, one.box, one.crowd]
    for earlier, mask in same:
        if mask == one.mask:
            like = f"a {one.label} with that {'mask' if one.mask else 'box'}"
            alone = f"the {'class' if one.value is None else 'value'} {one.label}"
            again = like if one.box or one.mask else alone
            raise _UnusableError(f"it repeats {earlier}: {path} has {again} already")
    same.append((where, one.mask))


def _size(config: "ImageData", file: Path, listed: Listed) -> Size:
    """Return the image's height and width, of which a file of annotations may be wrong."""
    from modelyard.data.images import image_size  # Pillow is needed only here

    try:
        size = image_size(file, config.exif)
    except UserError:
        raise _UnusableError(f"{file} cannot be read as an image") from None
    if listed.size in (None, size):
        return size
    what = f"{file} is {_shown(size)} pixels, not {_shown(listed.size)}"
    other: Literal["apply", "ignore"] = "ignore" if config.exif == "apply" else "apply"
    if image_size(file, other) == listed.size:
        what += (
            f", because its EXIF orientation turns it and data.exif is {config.exif}; set that to "
            f"{other} in config.yaml"
        )
    raise _UnusableError(what)


def _shown(size: Size) -> str:
    height, width = size
    return f"{width} x {height}"


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
        raise _UnusableError(f"{box} lies outside its image of {_shown(size)} pixels")
    return one


def _masked(one: Object, size: Size) -> Object:
    if one.mask is None and one.crowd and one.box:
        x1, y1, x2, y2 = one.box  # all of it is ignored
        return replace(one, mask=[[x1, y1, x2, y1, x2, y2, x1, y2]])
    problem = mask_problem(one.mask, size)
    if problem:
        raise _UnusableError(f"the mask of an object of class {one.label} {problem}")
    return one if one.box else replace(one, box=mask_box(one.mask, size))
