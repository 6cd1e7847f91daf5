"""VGG Image Annotator's JSON (versions 1 and 2, also whole projects) and its CSV.

A `rect` is a box; a polygon, a circle and an ellipse (as polygons) are masks. The class is the
attribute of a region that `data.columns` names under `class`, or the only one there is. Where no
image has a region, it is an attribute of the image.
"""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from modelyard.config.annotation_section import AnnotationSource
from modelyard.errors import UserError

from .exact import Exact
from .label_files import add_image
from .listing import Bad, Listing, Object, missing
from .named import class_namer
from .places import PlaceError, Places
from .via_shapes import ShapeError, shape

Record = dict[str, Any]
COLUMNS = (
    "filename",
    "file_size",
    "file_attributes",
    "region_count",
    "region_id",
    "region_shape_attributes",
    "region_attributes",
)
SHAPE, ATTRIBUTES = "shape_attributes", "region_attributes"


class _Image(NamedTuple):
    """An image as the file has it: where, its name, its attributes and regions, each with where."""

    where: str
    name: str
    attributes: Record
    regions: list[tuple[str, Record]]

    def itself(self, attribute: str | None) -> list[tuple[str, Record]]:
        """Return the image as a region without a shape, if an attribute of it is its class."""
        known = attribute and self.attributes.get(attribute) not in (None, "")
        return [(self.where, {ATTRIBUTES: self.attributes})] if known else []


def read(source: AnnotationSource) -> Listing:
    """Read a file of annotations, its format by the suffix.

    Raises:
        UserError: no such file, another format, or several attributes that may be the class.
    """
    file = source.root / str(source.annotations)
    listing = Listing(file, 0)
    reader = _of_csv if file.suffix.lower() == ".csv" else _of_json
    images = list(reader(file, listing))
    if not images and not listing.bad:
        raise UserError(f"{file} lists no image; add some in VIA and save it again.")
    regions = [region.get(ATTRIBUTES) for one in images for _, region in one.regions]
    attribute = _attribute(source, file, regions or [one.attributes for one in images])
    places, named = Places(source), class_namer(source)
    for image in images:
        try:
            place = places.place(image.name)
        except PlaceError as error:
            listing.bad.append(Bad(image.where, str(error)))
            continue
        if add_image(listing, place, image.where, split=None):
            spots = image.regions if regions else image.itself(attribute)
            for where, spot in spots:
                try:
                    one = _object(spot, attribute, named)
                    listing.images[place.path].objects.append((where, one))
                except (ShapeError, ValueError) as error:
                    listing.spoil(place.path, where, str(error))
    return listing


def _object(region: Record, attribute: str | None, named: Callable[[str], str]) -> Object:
    """Return the object of a region; an image as a whole has no shape."""
    box, mask = shape(region[SHAPE]) if SHAPE in region else (None, None)
    return Object(named(_label(region.get(ATTRIBUTES), attribute)), box, mask)


def _attribute(source: AnnotationSource, file: Path, found: list[Any]) -> str | None:
    """Return the attribute that is the class; None if there is none at all."""
    names = sorted({name for one in found if isinstance(one, dict) for name in one})
    named = source.columns.get("class")
    if named in names or (named is None and len(names) <= 1):
        return str(named or names[0]) if names else None
    if named is not None and not names:
        return None
    wrong = "is not set" if named is None else f"is {named!r}"
    raise UserError(
        f"{file}: data.columns.class in config.yaml {wrong}, and the attributes are "
        f"{', '.join(names)}; set it to the one that is the class."
    )


def _label(attributes: Any, attribute: str | None) -> str:
    """Return a text, a number as one, or the only ticked box."""
    value = attributes.get(attribute) if attribute and isinstance(attributes, dict) else None
    if isinstance(value, dict):
        ticked = [name for name, on in value.items() if on is True]
        if len(ticked) > 1:
            raise ShapeError(
                f"{attribute} is {', '.join(ticked)}: {len(ticked)} classes; one is needed"
            )
        value = ticked[0] if ticked else None
    text = "" if value is None or isinstance(value, bool | list) else str(value).strip()
    if not text:
        raise ShapeError(f"its attribute {attribute} is empty" if attribute else "it has no class")
    return text


def _of_json(file: Path, listing: Listing) -> Iterator[_Image]:
    try:
        document = json.loads(file.read_text("utf-8-sig"), parse_float=Exact)
    except FileNotFoundError:
        raise missing(file) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{file} is not JSON in UTF-8: {error}; save it again in VIA.") from None
    records = document.get("_via_img_metadata", document) if isinstance(document, dict) else None
    if not isinstance(records, dict) or not any(
        isinstance(one, dict) and "regions" in one for one in records.values()
    ):
        raise UserError(
            f"{file} is not VIA's JSON of version 1 or 2: nothing in it has `regions`; export the "
            "annotations as JSON (or as COCO, and set data.annotation_type to coco)."
        )
    for key, record in records.items():
        listing.entries += 1
        name = record.get("filename") if isinstance(record, dict) else None
        regions = record.get("regions", []) if isinstance(record, dict) else None
        if isinstance(regions, dict):
            regions = list(regions.values())
        if not isinstance(name, str) or not name or not isinstance(regions, list):
            listing.bad.append(Bad(f"image {key}", "it needs a filename and regions"))
            continue
        listing.entries += len(regions)
        numbered = [
            (f"image {name}, region {number}", {SHAPE: None} | _mapping(region))
            for number, region in enumerate(regions, 1)
        ]
        yield _Image(f"image {name}", name, _mapping(record.get("file_attributes")), numbered)


def _of_csv(file: Path, listing: Listing) -> Iterator[_Image]:
    """Yield the images of VIA's CSV, whose rows are regions."""
    images: dict[str, _Image] = {}
    for number, row in _rows(file):
        listing.entries += 1
        where, name = f"line {number}", (row.get("filename") or "").strip()
        if not name:
            listing.bad.append(Bad(where, "it has no filename"))
            continue
        attributes = _mapping(_parsed(row.get("file_attributes")))
        image = images.setdefault(name, _Image(where, name, attributes, []))
        spot, values = _parsed(row.get(f"region_{SHAPE}")), _parsed(row.get(ATTRIBUTES))
        if spot != {}:
            image.regions.append((where, {SHAPE: spot, ATTRIBUTES: values}))
    yield from images.values()


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            header = [name.lstrip("#").strip() for name in reader.fieldnames or []]
            if missed := [name for name in COLUMNS if name not in header]:
                raise UserError(
                    f"{file} is not VIA's CSV: it has no column {', '.join(missed)}; export it "
                    "again in VIA."
                )
            reader.fieldnames = header
            yield from ((reader.line_num, row) for row in reader)
    except FileNotFoundError:
        raise missing(file) from None
    except (csv.Error, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} is not a CSV in UTF-8: {error}.") from None


def _parsed(text: str | None) -> Any:
    """Return the JSON of a cell; what is not JSON stays a text, which has no shape or class."""
    try:
        return json.loads(text or "{}", parse_float=Exact)
    except (ValueError, RecursionError):
        return text


def _mapping(value: Any) -> Record:
    return value if isinstance(value, dict) else {}
