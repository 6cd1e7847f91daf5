"""Write COCO's JSON: images, annotations of them, and the categories that these name by id."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelyard.files import whole_file

from .exact import subtract
from .listing import Example, Object
from .masks import mask_area

Record = dict[str, Any]
Size = tuple[int, int]  # height, width


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
        of = {"split": example.split, "group": example.group}
        images.append(record | {key: value for key, value in of.items() if value})
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
