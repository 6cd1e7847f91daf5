"""Write the JSON of VGG Image Annotator, version 2, with the class as attribute `class`."""

from pathlib import Path
from typing import Any

from modelyard.data.annotations.exact import subtract
from modelyard.data.annotations.listing import Object

from .content import Content
from .exact_json import exact_json

CLASS = "class"


def write(target: Path, content: Content) -> None:
    """Write one file with all images."""
    document = {}
    for example in content.examples:
        size = (content.base / example.path).stat().st_size
        labels = [one.label for one in example.objects if not one.box]
        document[f"{example.path}{size}"] = {
            "filename": example.path,
            "size": size,
            "regions": [_region(one) for one in example.objects if one.box],
            "file_attributes": {CLASS: labels[0]} if labels else {},
        }
    target.write_text(exact_json(document) + "\n", "utf-8")


def _region(one: Object) -> dict[str, Any]:
    if one.mask:
        xs, ys = one.mask[0][::2], one.mask[0][1::2]
        shape = {"name": "polygon", "all_points_x": xs, "all_points_y": ys}
    else:
        x1, y1, x2, y2 = one.box or (0, 0, 0, 0)
        sides = {"width": subtract(x2, x1), "height": subtract(y2, y1)}
        shape = {"name": "rect", "x": x1, "y": y1} | sides
    return {"shape_attributes": shape, "region_attributes": {CLASS: one.label}}
