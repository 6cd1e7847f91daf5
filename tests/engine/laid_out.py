"""Folders of images as people have them, small ones."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CLASSES = ("cat", "dog")
SIZE = (24, 16)  # width, height
BOX = [2, 3, 10, 8]  # x, y, width, height
OUTLINE = [2, 3, 12, 3, 12, 11, 2, 11]


def image(path: Path, value: int = 0, size: tuple[int, int] = SIZE) -> None:
    """Write an image of noise that no other value has, with something white on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(value).integers(0, 200, (*size[::-1], 3), np.uint8)
    picture = Image.fromarray(noise)
    picture.paste((255, 255, 255), (2, 3, 12, 11))
    picture.save(path)


def images(folder: Path, count: int, first: int = 0) -> list[str]:
    """Write images; return their names."""
    names = [f"{number:03}.png" for number in range(first, first + count)]
    for number, name in enumerate(names, first):
        image(folder / name, number)
    return names


def class_folders(root: Path, count: int = 6, first: int = 0) -> None:
    """Write a folder of images for each class."""
    for number, label in enumerate(CLASSES):
        images(root / label, count, first + number * count)


def table(file: Path, rows: Iterable[Iterable[object]], delimiter: str = ",", **how: Any) -> None:
    """Write rows as they are."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(delimiter.join(map(str, row)) + "\n" for row in rows), **how)


def coco(names: Iterable[str], *, segmentation: bool = False) -> dict[str, Any]:
    """Return COCO's document with one object per image, of the classes in turn."""
    shape: dict[str, Any] = {"bbox": BOX, "area": 80, "iscrowd": 0}
    if segmentation:
        shape["segmentation"] = [OUTLINE]
    pictures: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for number, name in enumerate(names, 1):
        width, height = SIZE
        pictures.append({"id": number, "file_name": name, "width": width, "height": height})
        objects.append({"id": number, "image_id": number, "category_id": number % 2, **shape})
    categories = [{"id": number, "name": label} for number, label in enumerate(CLASSES)]
    return {"images": pictures, "annotations": objects, "categories": categories}


def write_json(file: Path, document: Mapping[str, Any]) -> None:
    """Write a document."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))


def yolo(folder: Path, names: Iterable[str]) -> None:
    """Write YOLO's text file for each image, one box of the classes in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    (width, height), (x, y, w, h) = SIZE, BOX
    box = [(x + w / 2) / width, (y + h / 2) / height, w / width, h / height]
    for number, name in enumerate(names):
        row = " ".join(map(str, [number % 2, *box]))
        (folder / name).with_suffix(".txt").write_text(row + "\n")


def voc(folder: Path, names: Iterable[str]) -> None:
    """Write Pascal VOC's XML for each image."""
    folder.mkdir(parents=True, exist_ok=True)
    (width, height), (x, y, w, h) = SIZE, BOX
    for number, name in enumerate(names):
        (folder / name).with_suffix(".xml").write_text(
            f"<annotation><filename>{name}</filename><size><width>{width}</width>"
            f"<height>{height}</height><depth>3</depth></size><object><name>{CLASSES[number % 2]}"
            f"</name><bndbox><xmin>{x + 1}</xmin><ymin>{y + 1}</ymin><xmax>{x + w}</xmax>"
            f"<ymax>{y + h}</ymax></bndbox></object></annotation>"
        )


def labelme(folder: Path, names: Iterable[str]) -> None:
    """Write LabelMe's JSON beside each image."""
    width, height = SIZE
    points = [OUTLINE[place : place + 2] for place in range(0, len(OUTLINE), 2)]
    for number, name in enumerate(names):
        shape = {"label": CLASSES[number % 2], "shape_type": "polygon", "points": points}
        document: dict[str, Any] = {
            "version": "5",
            "flags": {},
            "shapes": [shape],
            "imagePath": name,
        }
        document |= {"imageData": None, "imageHeight": height, "imageWidth": width}
        write_json((folder / name).with_suffix(".json"), document)


def via(file: Path, names: Iterable[str]) -> None:
    """Write VIA's JSON."""
    x, y, width, height = BOX
    box = {"name": "rect", "x": x, "y": y, "width": width, "height": height}
    document = {}
    for number, name in enumerate(names):
        region = {"shape_attributes": box, "region_attributes": {"kind": CLASSES[number % 2]}}
        entry = {"filename": name, "size": 100, "regions": [region], "file_attributes": {}}
        document[f"{name}100"] = entry
    write_json(file, document)
