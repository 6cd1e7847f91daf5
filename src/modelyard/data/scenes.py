"""Example data: 4,000 scenes, one to four handwritten digits on a piece of a photograph.

Run as `python -m modelyard.data.scenes FOLDER`. Your own data takes its place.
The annotations name each scene's split. No digit and no part of a photograph is in two splits; the
handwritings, and the two photographs that the parts are of, are the same in all.
Sources, as bundled with scikit-learn: UCI "Optical Recognition of Handwritten Digits", and the
photographs china.jpg and flower.jpg, CC BY 2.0, by the Flickr users danielbuechele and vultilion.
"""

import argparse
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from modelyard.config.data_section import Split, Splits
from modelyard.data.annotations.coco import to_coco, write_coco
from modelyard.data.annotations.csv_layouts import write_layout
from modelyard.data.annotations.listing import Example, Object
from modelyard.data.splits import split_indices
from modelyard.files import whole_folder

SEED = 0
SCENES = 4000
SIDE = 64  # pixels of a scene
PIECES = (96, 142)  # pixels of a photograph that become a scene
SHARES = Splits(train=0.7, validation=0.15, test=0.15)  # of the digits of each class
COLUMNS, ROWS = 4, 3  # of the parts into which a photograph is cut
OTHERS: dict[int, Split] = {1: "validation", 6: "test", 8: "test", 11: "validation"}  # than train's
MOST = 4  # digits in a scene
SIDES = (12, 20)  # pixels of a digit: its own 8 x 8, 1.5 to 2.5 times
INK = 0.4  # what is fainter is not the digit
CONTRAST = 110  # of 255, between the brightness of a digit and of what it lies on
OVERLAP = 0.2  # of the smaller of two digits' boxes, at most

BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue (ITU-R BT.601)


class Digit(NamedTuple):
    """A digit of scikit-learn's: its number there, its class, its ink 0 to 1, float32 (8, 8)."""

    number: int
    label: str
    ink: np.ndarray


class Pool(NamedTuple):
    """What the scenes of one split are made of: endless digits, and parts of photographs."""

    digits: Iterator[Digit]
    parts: list[Image.Image]


class Scene(NamedTuple):
    """A scene: uint8 (64, 64, 3), the objects in it, its split, and its digits' numbers."""

    pixels: np.ndarray
    objects: tuple[Object, ...]
    split: Split
    digits: list[int]


def compose(count: int = SCENES) -> Iterator[Scene]:
    """Yield scenes of which two of different splits have no digit in common."""
    random = np.random.default_rng(SEED)
    made_of = pools(random)
    for number in range(count):
        split = _split(number)
        yield _scene(random, made_of[split], split)


def write_scenes(folder: Path, form: str = "coco", count: int = SCENES) -> None:
    """Write `count` colour images of 64 x 64 to `images/`, and their annotations beside it.

    Boxes and masks are exact: they hold the pixels of a digit that no other digit covers.
    Formats: `coco` is annotations.json with boxes and masks, `csv` annotations.csv with boxes.
    """
    with whole_folder(folder) as temporary:
        (temporary / "images").mkdir()
        examples = []
        for number, scene in enumerate(compose(count)):
            examples.append(Example(f"images/{number:05}.png", scene.objects, scene.split))
            Image.fromarray(scene.pixels).save(temporary / examples[-1].path)
        if form == "csv":
            write_layout(temporary / "annotations.csv", examples)
        else:
            classes = [str(digit) for digit in range(10)]
            document = to_coco(examples, [(SIDE, SIDE)] * count, classes)
            write_coco(temporary / "annotations.json", document)


def _split(number: int) -> Split:
    """Return the split of a scene: of 20 in a row 14, 3 and 3, and the first three have all."""
    rest: dict[int, Split] = {1: "validation", 2: "test"}
    return rest.get(number % 20 % 7, "train")


def pools(random: np.random.Generator) -> dict[Split, Pool]:
    """Divide digits, class by class, and photographs among the splits."""
    from sklearn.datasets import load_digits, load_sample_images  # takes most of a second

    bunch = load_digits()
    ink = (bunch.images / bunch.images.max()).astype(np.float32)
    labels = [str(label) for label in bunch.target]
    parts = [part for pixels in load_sample_images().images for part in _parts(pixels)]
    found: dict[Split, Pool] = {}
    for split, positions in split_indices(labels, SHARES, SEED).items():
        digits = [Digit(at, labels[at], ink[at]) for at in random.permutation(positions).tolist()]
        found[split] = Pool(cycle(digits), [part for of, part in parts if of == split])
    return found


def _parts(photograph: np.ndarray) -> Iterator[tuple[Split, Image.Image]]:
    """Yield the parts of a photograph, row by row, each with the split that it is for."""
    rows = np.array_split(photograph, ROWS)
    parts = [part for row in rows for part in np.array_split(row, COLUMNS, axis=1)]
    for number, part in enumerate(parts):
        yield OTHERS.get(number, "train"), Image.fromarray(part)


def _scene(random: np.random.Generator, pool: Pool, split: Split) -> Scene:
    pixels = _background(random, pool.parts[random.integers(len(pool.parts))])
    digits: list[Digit] = []
    masks: list[np.ndarray] = []
    for _ in range(random.integers(1, MOST + 1)):
        digits.append(next(pool.digits))
        ink = _placed(random, digits[-1].ink, masks)
        shape = ink > 0
        pixels += ink[..., None] * (_color(random, pixels[shape]) - pixels)
        masks = [*(mask & ~shape for mask in masks), shape]
    objects = [_object(one.label, mask) for one, mask in zip(digits, masks, strict=True)]
    numbers = [one.number for one in digits]
    return Scene(pixels.round().astype(np.uint8), tuple(objects), split, numbers)


def _background(random: np.random.Generator, part: Image.Image) -> np.ndarray:
    """Return a piece of a part of a photograph, float32 (64, 64, 3) from 0 to 255."""
    side = random.integers(*PIECES, endpoint=True)
    left, top = (random.integers(length - side, endpoint=True) for length in part.size)
    piece = part.crop((int(left), int(top), int(left + side), int(top + side)))
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
