"""A picture of what was found, beside what is there."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from modelyard.config.image_section import ImageSettings
from modelyard.data.images import opened
from modelyard.data.opaque import opaque
from modelyard.files import whole_file

from .detections import Detection, covered

MOST_IMAGES, COLUMNS = 8, 4
SIDE, MARGIN = 160, 6  # pixels
SHADES = 128  # colours: the picture is kept in Git
FOUND, WANTED = (0, 200, 120), (240, 190, 0)
TINT = 0.45
COLOUR = 3  # channels


def draw_examples(
    file: Path,
    root: Path,
    truth: dict[str, Any],
    found: Sequence[list[Detection]],
    settings: ImageSettings,
) -> None:
    """Write a PNG of the first images, whole: annotated boxes in yellow, what was found in green.

    `settings` are those by which the model's images were read.
    """
    names = [one["name"] for one in truth["categories"]]
    tiles = [
        _tile(
            _whole(root / image["file_name"], settings),
            list(_boxes(truth, image["id"])),
            objects,
            names,
        )
        for image, objects in zip(truth["images"][:MOST_IMAGES], found, strict=False)
    ]
    rows = -(-len(tiles) // COLUMNS)
    step = SIDE + MARGIN
    picture = Image.new("RGB", (COLUMNS * step - MARGIN, rows * step - MARGIN), "white")
    for number, tile in enumerate(tiles):
        picture.paste(tile, (number % COLUMNS * step, number // COLUMNS * step))
    with whole_file(file) as temporary:
        picture.quantize(SHADES).save(temporary, optimize=True)


def _boxes(truth: dict[str, Any], image: int) -> Iterator[list[float]]:
    for one in truth["annotations"]:
        if one["image_id"] == image:
            x, y, width, height = one["bbox"]
            yield [x, y, x + width, y + height]


def _whole(path: Path, settings: ImageSettings) -> Image.Image:
    """Return an image with the pixels that boxes and masks count."""
    with opened(path) as source:
        return opaque(source, settings, COLOUR)[0]


def _tile(
    image: Image.Image, boxes: list[list[float]], objects: list[Detection], names: list[str]
) -> Image.Image:
    for one in objects:
        if one.mask is not None:
            image = _tinted(image, covered(one))
    scale = SIDE / max(image.size)
    tile = image.resize([round(side * scale) for side in image.size])
    pen = ImageDraw.Draw(tile)
    for box in boxes:
        pen.rectangle([value * scale for value in box], outline=WANTED)
    for one in objects:
        corners = [value * scale for value in one.box]
        pen.rectangle(corners, outline=FOUND, width=2)
        label = f"{names[one.label]} {one.score:.2f}"
        place = (corners[0] + 3, max(corners[1] - 11, 0))
        pen.text(place, label, fill="white", stroke_width=1, stroke_fill="black")
    return tile


def _tinted(image: Image.Image, mask: np.ndarray) -> Image.Image:
    colours = np.asarray(image).astype(np.float32)
    colours[mask] = (1 - TINT) * colours[mask] + TINT * np.array(FOUND)
    return Image.fromarray(colours.astype(np.uint8))
