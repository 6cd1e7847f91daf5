"""A folder of three blank images, and annotations of them to read."""

import json
from pathlib import Path
from typing import Any

from PIL import Image

from modelyard.config.data_section import ImageData
from modelyard.data.annotations import Example, check_objects, read_annotations

WIDTH, HEIGHT = 20, 10
NAMES = ("a.png", "b.png", "c.png")
HEADER = "path,x1,y1,x2,y2,class\n"
TRIANGLE = [[2, 2, 8, 2, 8, 6]]
RUNS = {"size": [HEIGHT, WIDTH], "counts": [12, 3, 185]}
COMPRESSED = {"size": [HEIGHT, WIDTH], "counts": "<3i5"}  # the same runs

Record = dict[str, Any]


def touch(folder: Path, *names: str) -> None:
    """Write empty files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def write_blanks(folder: Path) -> None:
    """Write the images."""
    folder.mkdir()
    for name in NAMES:
        Image.new("L", (WIDTH, HEIGHT)).save(folder / name)


def read(config: ImageData) -> tuple[list[Example], list[str]]:
    """Return the usable examples, and a sentence for each entry left out."""
    examples, listing = read_annotations(config)
    listing.check_share(config.max_bad_share)
    check_objects(examples, listing)
    return examples, [bad.sentence(listing.file) for bad in listing.bad]


def config(root: Path, task: str, kind: str, bad: float = 0.0, **keys: Any) -> ImageData:
    document = {
        "task": task,
        "annotation_type": kind,
        "max_bad_share": bad,
        "root": str(root),
        "annotations": "labels",
        "processed": "elsewhere",
        "image_size": [8, 8],
        "channels": 1,
        "splits": {"train": 0.6, "validation": 0.2, "test": 0.2},
        "seed": 1,
    }
    return ImageData.model_validate(document | keys)


def rows(root: Path, text: str, bad: float = 0.0) -> tuple[list[Example], list[str]]:
    (root / "labels").write_text(HEADER + text)
    return read(config(root, "object_detection", "csv", bad))


def image(number: Any, name: Any, **keys: Any) -> Record:
    return {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT} | keys


def annotation(number: Any, of: Any, category: Any = 7, **keys: Any) -> Record:
    return {"id": number, "image_id": of, "category_id": category, "bbox": [1, 2, 3, 4]} | keys


def write_coco(
    root: Path,
    annotations: list[Any],
    images: list[Any] | None = None,
    categories: list[Any] | None = None,
) -> None:
    """Write `labels` in COCO's JSON."""
    document = {
        "images": images or [image(number, name) for number, name in enumerate(NAMES)],
        "annotations": annotations,
        "categories": categories or [{"id": 7, "name": "dog"}, {"id": 90, "name": "cat"}],
    }
    (root / "labels").write_text(json.dumps(document))


def coco(
    root: Path,
    annotations: list[Any],
    images: list[Any] | None = None,
    task: str = "object_detection",
    bad: float = 0.0,
) -> tuple[list[Example], list[str]]:
    write_coco(root, annotations, images)
    return read(config(root, task, "coco", bad))
