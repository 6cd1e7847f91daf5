"""COCO's JSON: images, annotations of them, and the categories that these name by id."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelyard.errors import UserError
from modelyard.files import whole_file

from .exact import Exact, add, is_number, subtract
from .listing import Bad, Box, Example, Listed, Listing, Object, missing, split_problem
from .masks import mask_area

LISTS = ("images", "annotations", "categories")
CORNERS = 4  # numbers of a box

Record = dict[str, Any]
Size = tuple[int, int]  # height, width


def read_coco(file: Path) -> Listing:
    """Read and check everything that needs no image; ids of categories may have gaps.

    An annotation without `bbox` gives its image a class. An empty `segmentation` is none. A key
    `split` of an image says where it belongs: train, validation or test.

    Raises:
        UserError: no such file, no JSON, no lists of images, annotations and categories, or two
            categories of one id or name.
    """
    document = _document(file)
    classes = _classes(file, document["categories"])
    images, annotations = document["images"], document["annotations"]
    if not images:
        raise UserError(f"{file} lists no image; add images, annotations and categories.")
    listing = Listing(file, len(images) + len(annotations), classes=sorted(classes.values()))
    paths = _add_images(listing, images)
    for number, record in enumerate(annotations, 1):
        _add_object(listing, _where("annotation", number, record), record, paths, classes)
    return listing


def to_coco(examples: Sequence[Example], sizes: Sequence[Size], classes: Sequence[str]) -> Record:
    """Return examples as a COCO document; all ids count from 1, in the order given.

    A box that was read from COCO has the `bbox` that it had, digit by digit.
    """
    categories = {label: number for number, label in enumerate(classes, 1)}
    images: list[Record] = []
    annotations: list[Record] = []
    for image, (example, size) in enumerate(zip(examples, sizes, strict=True), 1):
        height, width = size
        record = {"id": image, "file_name": example.path, "width": width, "height": height}
        images.append(record | ({"split": example.split} if example.split else {}))
        for one in example.objects:
            ids = {"id": len(annotations) + 1, "image_id": image}
            annotations.append(ids | {"category_id": categories[one.label]} | _shape(one, size))
    named = [{"id": number, "name": label} for label, number in categories.items()]
    return {"images": images, "annotations": annotations, "categories": named}


def write_coco(file: Path, document: Mapping[str, Sequence[Record]]) -> None:
    """Write a document of `to_coco` as JSON, a record a line, boxes with all their digits."""
    lists = (
        f"{json.dumps(name)}: [\n" + ",\n".join(map(_line, records)) + "\n]"
        for name, records in document.items()
    )
    with whole_file(file) as temporary:
        temporary.write_text("{\n" + ",\n".join(lists) + "\n}\n", "utf-8")


def _document(file: Path) -> dict[str, list[Any]]:
    try:
        document = json.loads(file.read_text("utf-8-sig"), parse_float=Exact)
    except FileNotFoundError:
        raise missing(file) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"{file} is not JSON in UTF-8: {error}; data.annotation_type in config.yaml is csv for "
            "a CSV."
        ) from None
    for name in LISTS:
        if not isinstance(document, dict) or not isinstance(document.get(name), list):
            raise UserError(f"{file} has no list `{name}`; COCO's JSON has {', '.join(LISTS)}.")
    return {name: document[name] for name in LISTS}


def _classes(file: Path, records: list[Any]) -> dict[Any, str]:
    """Return the names of categories by id."""
    for number, record in enumerate(records, 1):
        if _id_of(record) is None or _name_of(record, "name") is None:
            raise UserError(f"{file}, category {number}: it needs an id and a name; add them.")
    for key in ("id", "name"):
        for value, count in Counter(record[key] for record in records).items():
            if count > 1:
                raise UserError(f"{file}: {count} categories have the {key} {value!r}; keep one.")
    return {record["id"]: record["name"] for record in records}


def _add_images(listing: Listing, records: list[Any]) -> dict[Any, str | None]:
    """Add the images; return paths by id, None for what is left out."""
    ids = Counter(map(_id_of, records))
    names = Counter(_name_of(record, "file_name") for record in records)
    paths: dict[Any, str | None] = {}
    for number, record in enumerate(records, 1):
        where = _where("image", number, record)
        problem = _image_problem(record, ids, names)
        paths[_id_of(record)] = None if problem else record["file_name"]
        if problem:
            listing.bad.append(Bad(where, problem))
        else:
            split = record.get("split") or None
            listing.images[record["file_name"]] = Listed(where, size=_size(record), split=split)
    return paths


def _image_problem(record: Any, ids: Counter[Any], names: Counter[Any]) -> str:
    """Say why an image is left out; one that is listed twice might be in two splits."""
    if _id_of(record) is None:
        return "it has no id"
    name = _name_of(record, "file_name")
    if name is None:
        return "it has no file_name"
    if ids[record["id"]] > 1:
        return f"{name} shares its id with {ids[record['id']] - 1} others"
    if names[name] > 1:
        return f"{name} is listed {names[name]} times"
    return split_problem(record.get("split"))


def _add_object(
    listing: Listing, where: str, record: Any, paths: dict[Any, str | None], classes: dict[Any, str]
) -> None:
    """Add an annotation to its image, unless that is left out and counted already."""
    image = _id_of(record, "image_id")
    category = _id_of(record, "category_id")
    path = paths.get(image)
    if image is None or image not in paths:
        listing.spoil(None, where, f"there is no image {image!r}")
    elif path and category not in classes:
        listing.spoil(path, where, f"there is no category {category!r}")
    elif path and not _is_bbox(record.get("bbox")):
        listing.spoil(path, where, f"bbox is {record['bbox']!r}, not x, y, width, height in pixels")
    elif path:
        mask, crowd = record.get("segmentation") or None, bool(record.get("iscrowd"))
        one = Object(classes[category], _corners(record.get("bbox")), mask, crowd)
        listing.images[path].objects.append((where, one))


def _corners(bbox: list[float] | None) -> Box | None:
    if bbox is None:
        return None
    x, y, width, height = bbox
    return x, y, add(x, width), add(y, height)


def _shape(one: Object, size: Size) -> Record:
    """Return what an annotation says besides ids."""
    shape: Record = {"iscrowd": int(one.crowd)}
    if one.box:
        x1, y1, x2, y2 = one.box
        width, height = subtract(x2, x1), subtract(y2, y1)
        shape |= {"bbox": [x1, y1, width, height], "area": width * height}
    if one.mask:
        shape |= {"area": mask_area(one.mask, size), "segmentation": one.mask}
    return shape


def _line(record: Record) -> str:
    """Return a record as JSON; json itself rounds numbers to what a float can hold."""
    text = json.dumps({key: value for key, value in record.items() if key != "bbox"})
    if "bbox" not in record:
        return text
    return f'{text[:-1]}, "bbox": [{", ".join(map(str, record["bbox"]))}]}}'


def _where(kind: str, number: int, record: Any) -> str:
    known = _id_of(record)
    return f"{kind} number {number}" if known is None else f"{kind} {known}"


def _id_of(record: Any, key: str = "id") -> float | str | None:
    """Return an id; None if there is none."""
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, int | float | str) else None


def _name_of(record: Any, key: str) -> str | None:
    """Return a name; None if there is none."""
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, str) and value.strip() else None


def _is_bbox(value: Any) -> bool:
    """Say whether a bbox is usable; None is: a class needs none."""
    return value is None or (
        isinstance(value, list) and len(value) == CORNERS and all(map(is_number, value))
    )


def _size(record: Record) -> Size | None:
    width, height = record.get("width"), record.get("height")
    return (height, width) if isinstance(width, int) and isinstance(height, int) else None
