"""Pascal VOC's XML: a file per image, corners in pixels.

The standard counts pixels from 1, and the last one belongs to the box: `xmin` 1 is the left edge,
`xmax` of a box of one pixel is `xmin`. Many tools count from 0 and give the right edge itself.
Some `xmin` or `ymin` below 1 shows that; then no box of the whole source is shifted. An object
that is `difficult` counts as a crowd does: it is neither learned nor judged. An image without
a file is a bad entry: nobody said that nothing is there.
"""

import posixpath
from typing import NamedTuple
from xml.etree import ElementTree

from modelyard.config.annotation_section import AnnotationSource

from .exact import is_number, parse_number, subtract
from .label_files import (
    LabelFile,
    Size,
    add_image,
    label_files,
    label_listing,
    note_unlabelled,
    own_image,
    read_label,
    stem,
)
from .listing import Bad, Listing, Object
from .named import class_namer
from .places import Place, PlaceError, Places

CORNERS = ("xmin", "ymin", "xmax", "ymax")
NO, YES = {"", "0", "false", "unspecified"}, {"1", "true"}


class _FileError(Exception):
    """Why a file, or an object in it, cannot be used."""


class _Found(NamedTuple):
    """An object as a file has it."""

    path: str
    where: str
    label: str
    corners: list[float]
    difficult: bool


def read(source: AnnotationSource) -> Listing:
    """Read every XML file below the folder of annotations.

    Raises:
        UserError: a folder is missing.
    """
    listing, places = label_listing(source), Places(source)
    found: list[_Found] = []
    known: set[str] = set()
    others: list[str] = []
    for file in label_files(source, ".xml"):
        listing.entries += 1
        try:
            root = _parsed(source, file)
            place = _place(places, file, (root.findtext("filename") or "").strip(), others)
            known.add(place.path)
            size = _size(root)
        except (_FileError, PlaceError) as error:
            listing.bad.append(Bad(file.path, str(error)))
            known |= own_image(places, file)
            continue
        if add_image(listing, place, file.path, size=size, split=file.split):
            found += _objects(listing, place.path, file.path, root)
    if others:
        listing.notes.append(
            f"{listing.file}: {len(others)} files name an image that is not of their own name, "
            f"first {others[0]}; the image of their own name was taken."
        )
    _add(source, listing, found)
    note_unlabelled(source, listing, known, ".xml")
    return listing


def _add(source: AnnotationSource, listing: Listing, found: list[_Found]) -> None:
    """Add the objects, counted from 0, and say so where the files do that already."""
    named, low = class_namer(source), [one for one in found if min(one.corners[:2]) < 1]
    if low:
        listing.notes.append(
            f"{listing.file}: {len(low)} objects have an xmin or ymin below 1, first "
            f"{low[0].where}; all corners were taken to count from 0, not from 1 as VOC's own do."
        )
    for one in found:
        x1, y1, x2, y2 = one.corners
        box = (x1, y1, x2, y2) if low else (subtract(x1, 1), subtract(y1, 1), x2, y2)
        try:
            thing = Object(named(one.label), box, crowd=one.difficult)
        except ValueError as error:
            listing.spoil(one.path, one.where, str(error))
        else:
            listing.images[one.path].objects.append((one.where, thing))


def _parsed(source: AnnotationSource, file: LabelFile) -> ElementTree.Element:
    content = read_label(source.root, file.path)
    if isinstance(content, str):
        raise _FileError(content)
    plain = content.replace(b"\0", b"").upper()  # of UTF-16 and UTF-32 too
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise _FileError(
            "it declares a document type or entities, which VOC does not need and which may be "
            "an attack; take the declaration out"
        )
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  (nothing is declared in it)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise _FileError(f"it is not valid XML: {error}") from None
    if root.tag != "annotation":
        raise _FileError(f"its element is <{root.tag}>, VOC's is <annotation>")
    return root


def _place(places: Places, file: LabelFile, written: str, others: list[str]) -> Place:
    """Return the image of a file's own name; without such an image, the one that it names."""
    try:
        place = places.find(file.name, file.split)
    except PlaceError:
        if not written:
            raise
    else:
        if written and stem(written) not in (stem(place.path), posixpath.basename(place.path)):
            others.append(f"{file.path} names {written}")
        return place
    return places.find(posixpath.join(posixpath.dirname(file.name), written), file.split)


def _size(root: ElementTree.Element) -> Size | None:
    """Return what the file says of its image; sizes of 0, which some tools write, say nothing."""
    texts = [(root.findtext(f"size/{key}") or "0").strip() for key in ("height", "width")]
    try:
        numbers = [parse_number(text) for text in texts]
    except ValueError:
        numbers = [-1]
    if not all(is_number(one) and one >= 0 and one == int(one) for one in numbers):
        raise _FileError(f"its size is {texts[1]!r} x {texts[0]!r}, not pixels")
    height, width = map(int, numbers)
    return (height, width) if height and width else None


def _objects(listing: Listing, path: str, file: str, root: ElementTree.Element) -> list[_Found]:
    found = []
    for number, element in enumerate(root.findall("object"), 1):
        listing.entries += 1
        where = f"{file}, object {number}"
        try:
            found.append(_found(path, where, element))
        except _FileError as error:
            listing.spoil(path, where, str(error))
    return found


def _found(path: str, where: str, element: ElementTree.Element) -> _Found:
    label = (element.findtext("name") or "").strip()
    if not label:
        raise _FileError("it has no <name>")
    box = element.find("bndbox")
    if box is None:
        raise _FileError("it has no <bndbox>")
    corners = [_number(key, (box.findtext(key) or "").strip()) for key in CORNERS]
    difficult = (element.findtext("difficult") or "").strip()
    if difficult.lower() not in NO | YES:
        raise _FileError(f"difficult is {difficult!r}, expected 0 or 1")
    return _Found(path, where, label, corners, difficult.lower() in YES)


def _number(key: str, text: str) -> float:
    try:
        number = parse_number(text)
    except ValueError:
        number = float("nan")
    if not is_number(number):
        raise _FileError(f"{key} is {text!r}, which is not a number of pixels")
    return number
