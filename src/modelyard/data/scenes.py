"""Example data: 4,000 scenes, one to four handwritten digits on a piece of a photograph.

Run as `python -m modelyard.data.scenes FOLDER`. Your own data takes its place.
Sources, as bundled with scikit-learn: UCI "Optical Recognition of Handwritten Digits", and the
photographs china.jpg and flower.jpg, CC BY 2.0, by the Flickr users danielbuechele and vultilion.
"""

import argparse
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modelyard.data.annotations.coco import to_coco, write_coco
from modelyard.data.annotations.csv_layouts import write_layout
from modelyard.data.annotations.listing import Example, Object
from modelyard.files import whole_folder

SEED = 0
SCENES = 4000
SIDE = 64  # pixels of a scene
PIECES = (96, 240)  # pixels of a photograph that become a scene
MOST = 4  # digits in a scene
SIDES = (12, 20)  # pixels of a digit: its own 8 x 8, 1.5 to 2.5 times
INK = 0.4  # what is fainter is not the digit
CONTRAST = 110  # of 255, between the brightness of a digit and of what it lies on
OVERLAP = 0.2  # of the smaller of two digits' boxes, at most

Digit = tuple[str, np.ndarray]  # its class, and its ink from 0 to 1, float32 (8, 8)
BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue (ITU-R BT.601)


def write_scenes(folder: Path, form: str = "coco", count: int = SCENES) -> None:
    """Write `count` colour images of 64 x 64 to `images/`, and their annotations beside it.

    Boxes and masks are exact: they hold the pixels of a digit that no other digit covers.
    Formats: `coco` is annotations.json with boxes and masks, `csv` annotations.csv with boxes.
    """
    random = np.random.default_rng(SEED)
    digits, photographs = _digits(random), _photographs()
    with whole_folder(folder) as temporary:
        (temporary / "images").mkdir()
        examples = []
        for number in range(count):
            pixels, objects = _scene(random, digits, photographs)
            examples.append(Example(f"images/{number:05}.png", objects))
            Image.fromarray(pixels).save(temporary / examples[-1].path)
        if form == "csv":
            write_layout(temporary / "annotations.csv", examples)
        else:
            classes = [str(digit) for digit in range(10)]
            document = to_coco(examples, [(SIDE, SIDE)] * count, classes)
            write_coco(temporary / "annotations.json", document)


def _digits(random: np.random.Generator) -> Iterator[Digit]:
    """Return all digits in a random order, again and again: classes are as frequent as there."""
    from sklearn.datasets import load_digits  # takes most of a second

    bunch = load_digits()
    ink = (bunch.images / bunch.images.max()).astype(np.float32)
    return cycle([(str(bunch.target[at]), ink[at]) for at in random.permutation(len(ink))])


def _photographs() -> list[Image.Image]:
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(pixels) for pixels in load_sample_images().images]


def _scene(
    random: np.random.Generator, digits: Iterator[Digit], photographs: list[Image.Image]
) -> tuple[np.ndarray, tuple[Object, ...]]:
    """Return a scene, uint8 (64, 64, 3), and the digits in it."""
    pixels = _background(random, photographs[random.integers(len(photographs))])
    labels: list[str] = []
    masks: list[np.ndarray] = []
    for _ in range(random.integers(1, MOST + 1)):
        label, small = next(digits)
        ink = _placed(random, small, masks)
        shape = ink > 0
        pixels += ink[..., None] * (_color(random, pixels[shape]) - pixels)
        masks = [*(mask & ~shape for mask in masks), shape]
        labels.append(label)
    objects = [_object(label, mask) for label, mask in zip(labels, masks, strict=True)]
    return pixels.round().astype(np.uint8), tuple(objects)


def _background(random: np.random.Generator, photograph: Image.Image) -> np.ndarray:
    """Return a piece of a photograph, float32 (64, 64, 3) from 0 to 255."""
    side = random.integers(*PIECES, endpoint=True)
    left, top = (random.integers(length - side, endpoint=True) for length in photograph.size)
    piece = photograph.crop((int(left), int(top), int(left + side), int(top + side)))
    return np.asarray(piece.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)


def _placed(random: np.random.Generator, small: np.ndarray, masks: list[np.ndarray]) -> np.ndarray:
    """Return a digit's ink, float32 (64, 64), at a place where it hardly covers the others."""
    side = int(random.integers(*SIDES, endpoint=True))
    large = np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BILINEAR))
    large = np.where(large < INK, 0, np.sqrt(large))  # edges stay soft, and visible
    while True:
        top, left = random.integers(SIDE - side, size=2, endpoint=True)
        ink = np.zeros((SIDE, SIDE), np.float32)
        ink[top : top + side, left : left + side] = large
        if all(_overlap(ink > 0, mask) <= OVERLAP for mask in masks):
            return ink


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the common share of the smaller of the boxes around two masks."""
    first, second = (np.outer(mask.any(axis=1), mask.any(axis=0)) for mask in (one, other))
    return float((first & second).sum() / min(first.sum(), second.sum()))


def _color(random: np.random.Generator, behind: np.ndarray) -> np.ndarray:
    """Return a colour or a grey, float32 (3,), that stands out from the pixels (n, 3) behind it."""
    while True:
        channels = random.choice([1, 3])
        color = np.broadcast_to(random.integers(256, size=channels), 3).astype(np.float32)
        if abs((color - behind.mean(axis=0)) @ BRIGHTNESS) >= CONTRAST:
            return color


def _object(label: str, mask: np.ndarray) -> Object:
    """Return the object with the pixels of its mask, bool (64, 64), and the box around them."""
    from pycocotools.mask import encode

    rows, columns = np.nonzero(mask)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    x1, y1, x2, y2 = map(int, box)
    runs: dict[str, Any] = encode(np.asfortranarray(mask.astype(np.uint8)))
    segmentation = {"size": [SIDE, SIDE], "counts": runs["counts"].decode("ascii")}
    return Object(label, (x1, y1, x2, y2), segmentation)


def main() -> None:
    """Write the scenes to a folder."""
    parser = argparse.ArgumentParser(prog="python -m modelyard.data.scenes", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--format", choices=["coco", "csv"], default="coco")
    parser.add_argument("--scenes", type=int, default=SCENES, metavar="N", help="how many")
    options = parser.parse_args()
    write_scenes(options.folder, options.format, options.scenes)


if __name__ == "__main__":
    main()
