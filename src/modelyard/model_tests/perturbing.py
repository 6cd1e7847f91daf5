"""Perturbed test images, and what a saved model makes of them: run by the fresh process.

What is drawn for an image depends on its place in the test split alone, so that two runs, and two
models, see the same images.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.data import open_array, read_manifest
from modelyard.tasks import meaning

BATCH = 32
HIGHEST = 255
WIDTH = 3  # standard deviations of the Gaussian that count on each side
BOX = 4  # columns of an object's output: x1, y1, x2, y2
Model = Callable[[np.ndarray], Any]


def scores(folder: Path, model: Model, amounts: Mapping[str, float]) -> dict[str, Any]:
    """Return the metrics of a saved model on the test split by each perturbation.

    Args:
        folder: the prepared data.
        model: images uint8 (batch, height, width, channels) to the task's outputs.
        amounts: how far, by the name of a perturbation.
    """
    manifest = read_manifest(folder)
    images, task = open_array(folder, "test", next(iter(manifest.inputs))), meaning(manifest.head)
    count, moves_boxes = manifest.size("test"), manifest.head == "boxes"

    def outputs(name: str, amount: float) -> Iterator[np.ndarray]:
        for start in range(0, count, BATCH):
            positions = np.arange(start, min(count, start + BATCH))
            batch = np.asarray(images[positions])
            said = np.asarray(model(perturbed(name, amount, batch, start)))
            if name == "shift" and moves_boxes:
                said = moved_back(said, int(amount), start, batch.shape[1:3])
            yield said

    return {name: task.scores(folder, outputs(name, amount)) for name, amount in amounts.items()}


def perturbed(name: str, amount: float, images: np.ndarray, start: int = 0) -> np.ndarray:
    """Return images uint8 (n, height, width, channels) so changed; `start` is the first's place."""
    changed: np.ndarray = PERTURBING[name](images, amount, start)
    return changed


def moved_back(said: np.ndarray, amount: int, start: int, size: Any) -> np.ndarray:
    """Return objects found in shifted images (n, objects, columns) where they are in the images."""
    height, width = size
    shares = _directions(len(said), start) * (amount / width, amount / height)
    moved = np.array(said)
    moved[..., :BOX] -= np.tile(shares, 2)[:, None]
    return moved


def _brightness(images: np.ndarray, amount: float, start: int) -> np.ndarray:
    """Make each image lighter or darker, as is drawn for it."""
    signs = _directions(len(images), start)[:, 0].reshape(-1, 1, 1, 1)
    return _pixels(images + signs * amount * HIGHEST)


def _noise(images: np.ndarray, amount: float, start: int) -> np.ndarray:
    drawn = [_random(start + at).normal(0, amount * HIGHEST, images.shape[1:])
             for at in range(len(images))]  # fmt: skip
    return _pixels(images + np.stack(drawn))


def _blur(images: np.ndarray, amount: float, _: int) -> np.ndarray:
    """Convolve with a Gaussian along both axes, the edge repeated."""
    reach = int(np.ceil(WIDTH * amount))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * amount**2))
    weights /= weights.sum()
    blurred = images.astype(np.float32)
    for axis in (1, 2):
        around = [(reach, reach) if one == axis else (0, 0) for one in range(images.ndim)]
        padded = np.pad(blurred, around, mode="edge")
        places = np.arange(images.shape[axis])
        blurred = np.zeros(images.shape, np.float32)
        for at, weight in enumerate(weights):
            blurred += np.float32(weight) * np.take(padded, places + at, axis)
    return _pixels(blurred)


def _shift(images: np.ndarray, amount: float, start: int) -> np.ndarray:
    """Move what is seen right or left, and down or up, as is drawn for each image."""
    by = int(amount)
    (height, width), around = images.shape[1:3], (by, by)
    padded = np.pad(images, ((0, 0), around, around, (0, 0)), mode="edge")
    corners = by - by * _directions(len(images), start)  # where what is seen begins, x and y
    return np.stack([
        image[y : y + height, x : x + width] for image, (x, y) in zip(padded, corners, strict=True)
    ])  # fmt: skip


PERTURBING: Mapping[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
    "brightness": _brightness,
    "blur": _blur,
    "noise": _noise,
    "shift": _shift,
}


def _random(place: int) -> np.random.Generator:
    return np.random.default_rng([0, place])


def _directions(count: int, start: int) -> np.ndarray:
    """Return -1 or 1 along x and y for each image, int (count, 2)."""
    drawn = [_random(start + at).integers(0, 2, 2) * 2 - 1 for at in range(count)]
    return np.stack(drawn)


def _pixels(values: np.ndarray) -> np.ndarray:
    pixels: np.ndarray = np.clip(np.rint(values), 0, HIGHEST).astype(np.uint8)
    return pixels
