"""Read COCO's JSON: images, annotations of them, and the categories that these name by id."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.config.annotation_section import AnnotationSource, Split
from modelyard.errors import UserError

from .coco_values import Id, Size, to_box, to_crowd, to_group, to_id, to_name, to_size
from .exact import Exact
from .listing import Bad, Listed, Listing, Object
from .named import class_namer, to_split
from .places import Place, PlaceError, Places
from .source_files import SourceFile, listed_in, read_text, source_files

LISTS = ("images", "annotations", "categories")

Record = dict[str, Any]
Classes = dict[Id | None, str | ValueError]


@dataclass(frozen=True)
class _Image:
    """An image of a file: where it is listed, its place, or why it is left out."""

    where: str
    id: Id | None
    place: Place | None = None
    size: Size | None = None
    group: str | None = None
    problem: str = ""


def read(source: AnnotationSource) -> Listing:
    """Read and check everything that needs no image; ids of categories may have gaps.

    An annotation without `bbox` gives its image a class. An empty `segmentation` is none. A key
    `split` of an image says where it belongs. Each split may have a file with ids of its own.

    Raises:
        UserError: no such file, no JSON, no lists of images, annotations and categories, or two
            categories of one id or name.
    """
    listing = Listing(listed_in(source), entries=0)
    places, named = Places(source), class_namer(source)
    files = [(file, _document(source, file.path)) for file in source_files(source)]
    classes = [_classes(file.path, document["categories"], named) for file, document in files]
    _check_images(source, files)
    images = [[*_images(source, file, document["images"], places)] for file, document in files]
    names = Counter(one.place.path for found in images for one in found if one.place)
    for (file, document), found, known in zip(files, images, classes, strict=True):
        listing.classes += [name for name in known.values() if isinstance(name, str)]
        listing.entries += len(found) + len(document["annotations"])
        paths = _add_images(listing, found, names)
        for number, record in enumerate(document["annotations"], 1):
            where = _where(file, "annotation", number, record)
            _add_object(listing, where, record, paths, known)
    listing.classes = sorted({*listing.classes})
    return listing


def _document(source: AnnotationSource, file: Path) -> dict[str, list[Any]]:
    try:
        document = json.loads(read_text(source, file), parse_float=Exact)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{file} is not valid JSON: {error}; for a CSV, data.annotation_type in config.yaml is "
            "csv."
        ) from None
    for name in LISTS:
        if not isinstance(document, dict) or not isinstance(document.get(name), list):
            raise UserError(f"{file} has no list `{name}`; COCO's JSON has {', '.join(LISTS)}.")
    return {name: document[name] for name in LISTS}


def _check_images(
    source: AnnotationSource, files: list[tuple[SourceFile, dict[str, list[Any]]]]
) -> None:
    """Refuse a file without images, and a key of theirs that none has: it may be misspelt."""
    for file, document in files:
        if not document["images"]:
            raise UserError(f"{file.path} lists no image; add images, annotations and categories.")
    images = [one for _, document in files for one in document["images"]]
    for key, name in (("split_column", source.split_column), ("group_column", source.group_column)):
        if name and not any(isinstance(one, dict) and name in one for one in images):
            raise UserError(
                f"config.yaml: data.{key} is {name}, but no image of {listed_in(source)} has that "
                "key; correct or drop it."
            )


def _classes(file: Path, records: list[Any], named: Callable[[str], str]) -> Classes:
    """Return the names of categories by id, or why one has none."""
    ids: list[Id | None] = []
    names: list[str] = []
    for number, record in enumerate(records, 1):
        ident, name = to_id(record), to_name(record, "name")
        if ident is None or name is None:
            raise UserError(f"{file}, category {number}: it needs an id and a name; add them.")
        ids.append(ident)
        names.append(name)
    for key, values in (("id", ids), ("name", names)):
        for value, count in Counter[Any](values).items():
            if count > 1:
                raise UserError(f"{file}: {count} categories have the {key} {value!r}; keep one.")
    return dict(zip(ids, _named(names, named), strict=True))


def _named(names: Iterable[str], named: Callable[[str], str]) -> Iterator[str | ValueError]:
    for name in names:
        try:
            yield named(name)
        except ValueError as error:
            yield error


def _images(
    source: AnnotationSource, file: SourceFile, records: list[Any], places: Places
) -> Iterator[_Image]:
    ids = Counter(map(to_id, records))
    for number, record in enumerate(records, 1):
        where, ident = _where(file, "image", number, record), to_id(record)
        try:
            split = _split(source, file, record)
            place = _place(record, ids[ident], split, places)
            group = to_group(record.get(source.group_column)) if source.group_column else None
            yield _Image(where, ident, place, to_size(record), group)
        except (ValueError, PlaceError) as error:
            yield _Image(where, ident, problem=str(error))


def _place(record: Any, of_its_id: int, split: Split | None, places: Places) -> Place:
    """Return where an image lies; one whose id is not its own might have others' objects."""
    if to_id(record) is None:
        raise ValueError("it has no id")
    name = record.get("file_name")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(
            f"file_name is {name!r}, which is not a path" if name else "it has no file_name"
        )
    if of_its_id > 1:
        raise ValueError(f"{name} shares its id with {of_its_id - 1} others")
    place = places.place(name, split)
    return place._replace(split=split or place.split)


def _split(source: AnnotationSource, file: SourceFile, record: Any) -> Split | None:
    value = record.get(source.split_column or "split") if isinstance(record, dict) else None
    split = to_split(value)
    if split and file.split and split != file.split:
        raise ValueError(f"split is {value!r} in the file of {file.split}")
    return split or file.split


def _add_images(
    listing: Listing, images: list[_Image], names: Counter[str]
) -> dict[Id | None, str | None]:
    """Add the images; return paths by id, None for what is left out.

    An image that is listed twice might be in two splits.
    """
    paths: dict[Id | None, str | None] = {}
    for one in images:
        paths[one.id] = None
        if one.place is None:
            listing.bad.append(Bad(one.where, one.problem))
        elif names[one.place.path] > 1:
            times = names[one.place.path]
            listing.bad.append(Bad(one.where, f"{one.place.path} is listed {times} times"))
        else:
            path, split, missing = one.place
            paths[one.id] = path
            listing.images[path] = Listed(
                one.where, size=one.size, split=split, group=one.group, missing=missing
            )
    return paths


def _add_object(
    listing: Listing,
    where: str,
    record: Any,
    paths: dict[Id | None, str | None],
    classes: Classes,
) -> None:
    """Add an annotation to its image, unless that is left out and counted already."""
    image, category = to_id(record, "image_id"), to_id(record, "category_id")
    path = paths.get(image)
    if image is None or image not in paths:
        listing.spoil(None, where, f"there is no image {image!r}")
    elif path:
        try:
            label = classes.get(category, ValueError(f"there is no category {category!r}"))
            if isinstance(label, ValueError):
                raise label
            mask, crowd = record.get("segmentation") or None, to_crowd(record.get("iscrowd"))
            one = Object(label, to_box(record.get("bbox")), mask, crowd)
        except ValueError as error:
            listing.spoil(path, where, str(error))
        else:
            listing.images[path].objects.append((where, one))


def _where(file: SourceFile, kind: str, number: int, record: Any) -> str:
    known = to_id(record)
    return f"{file.prefix}{kind} " + (f"number {number}" if known is None else str(known))
