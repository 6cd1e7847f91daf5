"""The section `data` and the settings that fit what was found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.adopting.kinds import Source
from modelyard.adopting.sections import begun, without_defaults
from modelyard.config.data_section import ImageData, Task

from .images import Images
from .trial import read

SMALL = 96  # pixels: images up to this keep their size
CLASSIFIED, FOUND = 64, 128  # sides of what a small network classifies, or finds objects in
CELL = 32  # a side for finding objects is a multiple of it
TWELVE_BITS = 4095  # 16-bit images that use no more than this have fewer bits


def fitted(
    current: ImageData, keys: Mapping[str, Any], source: Source, images: Images
) -> dict[str, Any]:
    """Return the section `data` for what was found, without what is a default."""
    data = begun(current, source) | {
        "image_size": _size(images, current.task),
        "channels": 1 if images.grey else 3,
    }
    if 0 < images.highest <= TWELVE_BITS:
        data["sixteen_bit_range"] = [0, 2 ** images.highest.bit_length() - 1]
    return data | without_defaults(ImageData, keys)


def best_exif(data: dict[str, Any], folder: Path, images: Images) -> dict[str, Any]:
    """Return the section with the orientation of EXIF applied, where that fits the annotations."""
    if not images.turned:
        return data
    bad = {exif: len(read({**data, "exif": exif}, folder)[1].bad) for exif in ("ignore", "apply")}
    objects = data["task"] != "image_classification"
    if bad["apply"] < bad["ignore"] or (bad["apply"] == bad["ignore"] and not objects):
        return {**data, "exif": "apply"}
    return data


def _size(images: Images, task: Task) -> list[int]:
    height, width = images.size
    if task == "image_classification":
        return [height, width] if max(height, width) <= SMALL else [CLASSIFIED, CLASSIFIED]
    side = min(FOUND, max(2 * CELL, round(max(height, width) / CELL) * CELL))
    return [side, side]
