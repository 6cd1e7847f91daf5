"""Write LabelMe's JSON: a file per image."""

import os
from pathlib import Path
from typing import Any

from modelyard.data.annotations.labelme_masks import to_bitmap
from modelyard.data.annotations.listing import Example, Object
from modelyard.data.annotations.masks import mask_pixels

from .content import Content, Size
from .exact_json import exact_json
from .one_per_image import label_paths, write_text

VERSION = "5.5.0"  # of LabelMe, whose files these are


def write(target: Path, content: Content) -> None:
    """Write a JSON file per image below a folder, with the way from there to the image.

    Raises:
        UserError: two images would share a file.
    """
    for example, path in zip(content.examples, label_paths(content.examples, ".json"), strict=True):
        folder = os.path.realpath((target / path).parent)
        image = os.path.relpath(os.path.realpath(content.base / example.path), folder)
        document = _document(example, image, content.size(example.path))
        write_text(target, path, exact_json(document) + "\n")


def _document(example: Example, image: str, size: Size) -> dict[str, Any]:
    whole = [one.label for one in example.objects if not one.box]
    shapes = [
        shape
        for number, one in enumerate(example.objects, 1)
        if one.box
        for shape in _shapes(number, one, size)
    ]
    return {
        "version": VERSION,
        "flags": dict.fromkeys(whole, True),
        "shapes": shapes,
        "imagePath": image,
        "imageData": None,
        "imageHeight": size[0],
        "imageWidth": size[1],
    }


def _shapes(number: int, one: Object, size: Size) -> list[dict[str, Any]]:
    """Return one shape, or one for each polygon of a group."""
    if one.mask is None:
        x1, y1, x2, y2 = one.box or (0, 0, 0, 0)
        return [_shape(one.label, "rectangle", [[x1, y1], [x2, y2]])]
    if isinstance(one.mask, list):
        group = number if len(one.mask) > 1 else None
        return [
            _shape(one.label, "polygon", _points(polygon), group_id=group) for polygon in one.mask
        ]
    points, text = to_bitmap(mask_pixels(one.mask, size))
    return [_shape(one.label, "mask", points, mask=text)]


def _shape(label: str, kind: str, points: list[Any], **more: Any) -> dict[str, Any]:
    shape = {"label": label, "points": points, "group_id": None, "description": ""}
    return shape | {"shape_type": kind, "flags": {}, "mask": None} | more


def _points(polygon: list[float]) -> list[list[float]]:
    return [list(point) for point in zip(polygon[::2], polygon[1::2], strict=True)]
