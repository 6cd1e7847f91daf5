"""What `prepare` writes for detection and segmentation: boxes, masks, and COCO annotations."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from modelyard.config.data_section import ImageData
from modelyard.data.annotations.coco import to_coco
from modelyard.data.annotations.masks import mask_pixels
from modelyard.files import write_json

from .annotations import Example, Object
from .arrays import ArrayWriter
from .images import image_size
from .manifest import ArraySpec, Head, Specs
from .view import View, view_of

NOTHING = ""
MASK_STRIDE = 2  # a mask has half as many rows and columns as its image
COVERED = 255
BOX = 5  # x1, y1, x2, y2, class


def groups(examples: Sequence[Example]) -> list[str]:
    """Return each image's rarest class, so that every split gets its share of rare ones."""
    counts = Counter(one.label for example in examples for one in example.objects)
    return [
        min((one.label for one in example.objects), key=lambda label: (counts[label], label))
        if example.objects
        else NOTHING
        for example in examples
    ]


def head(config: ImageData) -> Head:
    """Return what a target means."""
    return "masks" if config.task == "instance_segmentation" else "boxes"


def specs(config: ImageData, _: Sequence[str]) -> Specs:
    """Describe the targets; how many objects an image has room for differs by split."""
    boxes = ArraySpec(shape=(None, BOX), dtype="float32")
    if config.task != "instance_segmentation":
        return {"boxes": boxes}
    height, width = (side // MASK_STRIDE for side in config.image_size)
    return {"boxes": boxes, "masks": ArraySpec(shape=(None, height, width), dtype="uint8")}


def write_targets(
    config: ImageData,
    folder: Path,
    split: str,
    members: Sequence[Example],
    classes: list[str],
) -> None:
    """Write `<split>_boxes.npy`, for segmentation `<split>_masks.npy`, and `<split>.json` (COCO).

    Boxes: float32 (examples, objects, 5), x1, y1, x2, y2 as shares of what a model sees, class; -1
    where an image has fewer. Masks: uint8 (examples, objects, height / 2, width / 2), 255 is
    covered. COCO's annotations count pixels of the images, not of what is seen of them.
    """
    sizes = [image_size(config.root / example.path, config.exif) for example in members]
    views = [view_of(size, config.shape[:2], config.resize) for size in sizes]
    write_json(folder / f"{split}.json", to_coco(members, sizes, classes))
    learned = [[one for one in example.objects if not one.crowd] for example in members]
    most = max([1, *map(len, learned)])
    boxes = np.full((len(members), most, BOX), -1, np.float32)
    for number, (objects, view) in enumerate(zip(learned, views, strict=True)):
        for place, one in enumerate(objects):
            boxes[number, place] = (*_shares(one, view), classes.index(one.label))
    np.save(folder / f"{split}_boxes.npy", boxes)
    if config.task == "instance_segmentation":
        _write_masks(config, folder, split, learned, views)


def _shares(one: Object, view: View) -> list[float]:
    """Return the box as shares of what is seen, what lies outside cut off."""
    if one.box is None:
        raise ValueError(f"An object of class {one.label!r} has no box.")
    return [float(share) for share in view.shares(one.box)]


def _write_masks(
    config: ImageData, folder: Path, split: str, learned: list[list[Object]], views: list[View]
) -> None:
    height, width = (side // MASK_STRIDE for side in config.image_size)
    most = max([1, *map(len, learned)])
    spec = ArraySpec(shape=(most, height, width), dtype="uint8")
    with ArrayWriter(folder, split, "masks", spec) as writer:
        for objects, view in zip(learned, views, strict=True):
            masks = np.zeros((1, most, height, width), np.uint8)
            for place, one in enumerate(objects):
                image = Image.fromarray(mask_pixels(one.mask, view.size) * np.uint8(COVERED))
                masks[0, place] = np.asarray(view.cells(image, (height, width)))
            writer.append(masks)
