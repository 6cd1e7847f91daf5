"""The section `data` and the settings that fit what was found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.config.annotation_section import AnnotationSource
from modelyard.config.data_section import DataConfig, Task

from .images import Images
from .trial import read

KEPT = ("task", "max_duplicate_share", "splits", "seed")  # of the example's section
SMALL = 96  # pixels: images up to this keep their size
CLASSIFIED, FOUND = 64, 128  # sides of what a small network classifies, or finds objects in
CELL = 32  # a side for finding objects is a multiple of it
TWELVE_BITS = 4095  # 16-bit images that use no more than this have fewer bits


def fitted(
    current: DataConfig, keys: Mapping[str, Any], root: Path, images: Images
) -> dict[str, Any]:
    """Return the section `data` for what was found, without what is a default."""
    written = current.model_dump(exclude_unset=True)
    data: dict[str, Any] = {key: written[key] for key in KEPT if key in written}
    data |= {"max_bad_share": 0} if "max_bad_share" in written else {}
    data |= {
        "root": root.as_posix(),
        "processed": f"data/processed/{root.name}",
        "image_size": _size(images, current.task),
        "channels": 1 if images.grey else 3,
    }
    if 0 < images.highest <= TWELVE_BITS:
        data["sixteen_bit_range"] = [0, 2 ** images.highest.bit_length() - 1]
    return data | {key: value for key, value in keys.items() if not _is_default(key, value)}


def best_exif(data: dict[str, Any], folder: Path, images: Images) -> dict[str, Any]:
    """Return the section with the orientation of EXIF applied, where that fits the annotations."""
    if not images.turned:
        return data
    bad = {exif: len(read({**data, "exif": exif}, folder)[1].bad) for exif in ("ignore", "apply")}
    objects = data["task"] != "image_classification"
    if bad["apply"] < bad["ignore"] or (bad["apply"] == bad["ignore"] and not objects):
        return {**data, "exif": "apply"}
    return data


def _is_default(key: str, value: object) -> bool:
    field = AnnotationSource.model_fields.get(key)
    return field is not None and not field.is_required() and field.get_default() == value


def _size(images: Images, task: Task) -> list[int]:
    height, width = images.size
    if task == "image_classification":
        return [height, width] if max(height, width) <= SMALL else [CLASSIFIED, CLASSIFIED]
    side = min(FOUND, max(2 * CELL, round(max(height, width) / CELL) * CELL))
    return [side, side]
