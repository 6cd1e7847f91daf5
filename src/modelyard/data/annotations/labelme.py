"""LabelMe's JSON: a file per image, with `shapes` in pixels.

A rectangle is a box; a polygon, a circle (as a polygon) and a `mask` are masks. Polygons of one
label and `group_id` are one object. Where no file has a shape, the `flags` are classes: one that
is true is the class of its image. An image without a file is a bad entry: nobody said that
nothing is there.
"""

import json
import posixpath
from dataclasses import replace
from functools import partial
from typing import Any

from modelyard.config.annotation_section import AnnotationSource, Split

from .exact import Exact, is_number
from .label_files import (
    LabelFile,
    add_image,
    bounds,
    label_files,
    label_listing,
    measure,
    note_unlabelled,
    own_image,
    read_label,
)
from .labelme_masks import MaskError
from .labelme_shapes import ShapeError, to_object
from .listing import Bad, Listing, Object
from .named import class_namer
from .places import Place, PlaceError, Places

Record = dict[str, Any]


class _FileError(Exception):
    """Why a file cannot be used."""


def read(source: AnnotationSource) -> Listing:
    """Read every JSON file below the folder of annotations.

    Raises:
        UserError: a folder is missing.
    """
    listing, finder = label_listing(source), _Finder(source)
    known: set[str] = set()
    documents: list[tuple[LabelFile, str, Record]] = []
    for file in label_files(source, ".json"):
        listing.entries += 1
        try:
            document = _document(source, file)
            place = finder.find(file, document)
            known.add(place.path)
            size = _size(document)
        except (_FileError, PlaceError) as error:
            listing.bad.append(Bad(file.path, str(error)))
            known |= own_image(finder.places, file)
            continue
        if add_image(listing, place, file.path, size=size, split=file.split):
            document.pop("imageData", None)  # megabytes, of every file
            documents.append((file, place.path, document))
    shapes = any(document["shapes"] for _, _, document in documents)
    for file, path, document in documents:
        if shapes:
            _add_shapes(source, listing, file.path, path, document)
        else:
            _add_flag(source, listing, file.path, path, document.get("flags") or {})
    note_unlabelled(source, listing, known, ".json")
    return listing


class _Finder:
    """The images that LabelMe's files name: relative to themselves, or of their own name."""

    def __init__(self, source: AnnotationSource) -> None:
        self.places = Places(source)
        self._source = source
        self._all = Places(source.model_copy(update={"images": "."}))

    def find(self, file: LabelFile, document: Record) -> Place:
        written = document.get("imagePath")
        if not isinstance(written, str) or not written.strip():
            return self.places.find(file.name, file.split)
        relative = written.replace("\\", "/")
        try:
            place = self._all.find(posixpath.join(posixpath.dirname(file.path), relative))
        except PlaceError as error:
            return self._moved(file, relative, error, embedded=bool(document.get("imageData")))
        return Place(place.path, self._split(place.path))

    def _moved(self, file: LabelFile, written: str, error: PlaceError, *, embedded: bool) -> Place:
        """Return the image of that name in the folder that mirrors the file's."""
        name = posixpath.join(posixpath.dirname(file.name), posixpath.basename(written))
        try:
            return self.places.find(name, file.split)
        except PlaceError:
            if not embedded:
                raise error from None
        raise PlaceError(
            f"{error}; it lies in the file itself (imageData) only, which is not read: export it "
            f"as {written}"
        )

    def _split(self, path: str) -> Split | None:
        if isinstance(self._source.images, str):
            return None
        for split, folder in self._source.images.items():
            if path.startswith(posixpath.join(posixpath.normpath(folder), "")):
                return split
        return None


def _document(source: AnnotationSource, file: LabelFile) -> Record:
    content = read_label(source.root, file.path)
    if isinstance(content, str):
        raise _FileError(content)
    try:
        document = json.loads(content.decode("utf-8-sig"), parse_float=Exact)
    except (ValueError, RecursionError) as error:
        raise _FileError(f"it is not JSON in UTF-8: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("shapes"), list):
        raise _FileError("it has no list `shapes`, as LabelMe's files have")
    return document


def _size(document: Record) -> tuple[int, int] | None:
    height, width = document.get("imageHeight"), document.get("imageWidth")
    if height is None or width is None:
        return None
    if not all(is_number(one) and one > 0 and one == int(one) for one in (height, width)):
        raise _FileError(f"imageWidth, imageHeight are {width!r}, {height!r}, not pixels")
    return int(height), int(width)


def _add_flag(
    source: AnnotationSource, listing: Listing, where: str, path: str, flags: Any
) -> None:
    true = (
        [name for name, value in flags.items() if value is True] if isinstance(flags, dict) else []
    )
    if len(true) > 1:
        listing.spoil(path, where, f"{len(true)} flags are true, {', '.join(true)}; one is needed")
    elif true:
        try:
            one = Object(class_namer(source)(true[0]), None)
        except ValueError as error:
            listing.spoil(path, where, str(error))
        else:
            listing.images[path].objects.append((where, one))


def _add_shapes(
    source: AnnotationSource, listing: Listing, file: str, path: str, document: Record
) -> None:
    """Add the objects of a file; polygons of a group become one, where the first of them is."""
    named = class_namer(source)
    listed = listing.images[path]
    groups: dict[tuple[str, str], int] = {}
    for number, shape in enumerate(document["shapes"], 1):
        listing.entries += 1
        where = f"{file}, shape {number}"
        try:
            one = to_object(shape, partial(measure, source, path))
            one = replace(one, label=named(one.label))
        except (ShapeError, MaskError, ValueError) as error:
            listing.spoil(path, where, str(error))
            continue
        group = shape.get("group_id")
        key = (one.label, json.dumps(group))
        if group is None or not isinstance(one.mask, list):
            listed.objects.append((where, one))
        elif key in groups:
            first, other = listed.objects[groups[key]]
            parts = [*other.mask, *one.mask]
            listed.objects[groups[key]] = (first, Object(one.label, bounds(parts), parts))
        else:
            groups[key] = len(listed.objects)
            listed.objects.append((where, one))
