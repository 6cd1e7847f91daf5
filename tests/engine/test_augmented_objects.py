"""Augmentation of images with objects: boxes and masks follow the pixels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modelyard.errors import UserError
from modelyard.recipe.augmentation import augmented

from .test_augmentation import config  # noqa: F401 (a fixture)
from .tiny_scenes import TASKS

SIDES = (48, 64)  # rows, columns
RECTANGLE = (20, 16, 34, 26)  # x1, y1, x2, y2 in pixels
WHITE, TOLERANCE = 255, 1.5
COPIES, BATCH = 24, 8
MOVES: list[Any] = [
    {"name": "RandomFlip", "mode": "horizontal"},
    {"name": "RandomFlip", "mode": "vertical"},
    {"name": "RandomRotation", "factor": 0.1},
    {"name": "RandomTranslation", "height_factor": 0.2, "width_factor": 0.2},
    {"name": "RandomZoom", "height_factor": [-0.4, 0.5], "width_factor": [-0.4, 0.5]},
    {"name": "RandomShear", "x_factor": 0.2},
    {"name": "RandomShear", "x_factor": 0.2, "y_factor": 0.2},
    {"name": "RandomPerspective", "scale": 0.3},
]
Configure = Callable[..., Any]


def scenes(*, masks: bool = False, sides: tuple[int, int] = SIDES) -> tf.data.Dataset:
    """Return copies of a picture of one white rectangle, with room for another object."""
    height, width = sides
    x1, y1, x2, y2 = RECTANGLE
    images = np.zeros((COPIES, height, width, 3), np.uint8)
    images[:, y1:y2, x1:x2] = WHITE
    targets = np.full((COPIES, 2, 5), -1, np.float32)
    targets[:, 0] = x1 / width, y1 / height, x2 / width, y2 / height, 1
    if masks:
        cells = np.zeros((COPIES, 2, height // 2, width // 2), np.float32)
        cells[:, 0, y1 // 2 : y2 // 2, x1 // 2 : x2 // 2] = 1
        targets = np.concatenate([targets, cells.reshape(COPIES, 2, -1)], axis=-1)
    return tf.data.Dataset.from_tensor_slices((images, targets)).batch(BATCH)


def moved(dataset: tf.data.Dataset, settings: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return images and targets of an epoch."""
    result = list(augmented(dataset, settings, tf.Variable(0)).as_numpy_iterator())
    images, targets = zip(*result, strict=True)
    return np.concatenate(images), np.concatenate(targets)


def extent(covered: np.ndarray) -> np.ndarray:
    """Return the box of what is covered."""
    rows, columns = np.nonzero(covered)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@pytest.mark.parametrize("layer", MOVES, ids=str)
def test_boxes_follow_the_pixels(config: Configure, layer: Any) -> None:  # noqa: F811
    images, targets = moved(scenes(), config([layer], "object_detection"))
    boxes = targets[:, 0, :4] * np.array([SIDES[1], SIDES[0]] * 2)
    seen = np.array([extent(image[..., 0] > WHITE / 2) for image in images])
    assert np.abs(boxes - seen).max() < TOLERANCE
    assert np.abs(seen - RECTANGLE).max() > 2 * TOLERANCE  # something has moved
    assert (targets[:, 0, 4] == 1).all()
    assert (targets[:, 1] == -1).all()


@pytest.mark.parametrize("layer", MOVES, ids=str)
def test_masks_follow_the_pixels(config: Configure, layer: Any) -> None:  # noqa: F811
    images, targets = moved(scenes(masks=True), config([layer], "instance_segmentation"))
    masks = targets[:, 0, 5:].reshape(COPIES, SIDES[0] // 2, SIDES[1] // 2)
    pixels = images[..., 0].reshape(COPIES, SIDES[0] // 2, 2, SIDES[1] // 2, 2) / WHITE
    off = np.abs(masks - pixels.mean(axis=(2, 4))).sum(axis=(1, 2))
    # Edges are soft in images and hard in masks; a mask one cell beside it is off by twice as much.
    assert (off < np.sqrt(masks.sum(axis=(1, 2)))).all()
    assert (targets[:, 1, 5:] == 0).all()


def test_several_layers_and_odd_sides_keep_boxes_and_masks_together(
    config: Configure,  # noqa: F811
) -> None:
    sides = (49, 63)
    layers = [MOVES[0], {"name": "RandomContrast", "factor": 0.1}, MOVES[2], MOVES[4]]
    images, targets = moved(scenes(masks=True, sides=sides), config(layers, TASKS[1]))
    masks = targets[:, 0, 5:].reshape(COPIES, sides[0] // 2, sides[1] // 2)
    for image, mask, target in zip(images, masks, targets, strict=True):
        share = extent(mask > 0.5) / np.array([mask.shape[1], mask.shape[0]] * 2)
        found = extent(image[..., 0] > image.max() / 2) / np.array([sides[1], sides[0]] * 2)
        assert share == pytest.approx(found, abs=3 / sides[0])
        assert target[0, :4] == pytest.approx(found, abs=4 / sides[0])  # a turned box is larger


@pytest.mark.parametrize("task", TASKS)
def test_what_leaves_the_image_is_no_object(config: Configure, task: str) -> None:  # noqa: F811
    away = {"name": "RandomTranslation", "height_factor": [0.9, 1.0], "width_factor": 0.0}
    images, targets = moved(scenes(masks=task == TASKS[1]), config([away], task))
    assert images.max() == 0
    assert (targets[..., :5] == -1).all()
    assert (targets[..., 5:] == 0).all()


def test_what_is_cut_off_is_cut_off_the_box(config: Configure) -> None:  # noqa: F811
    half = {"name": "RandomTranslation", "height_factor": 0.0, "width_factor": [-27 / 64, -27 / 64]}
    _, targets = moved(scenes(), config([half], TASKS[0]))
    expected = np.array([0, RECTANGLE[1] / 48, (RECTANGLE[2] - 27) / 64, RECTANGLE[3] / 48, 1])
    assert targets[:, 0] == pytest.approx(np.broadcast_to(expected, (COPIES, 5)), abs=1e-5)


def test_colours_leave_targets_as_they_are(config: Configure) -> None:  # noqa: F811
    layers = ["RandomErasing", {"name": "RandomBrightness", "factor": 0.3}, "RandomGrayscale"]
    before = np.concatenate([targets for _, targets in scenes(masks=True).as_numpy_iterator()])
    images, targets = moved(scenes(masks=True), config(layers, TASKS[1]))
    assert np.array_equal(targets, before)
    assert len(np.unique(images)) > 10


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ({"name": "RandomElasticTransform"}, "moves pixels but not boxes; use RandomShear"),
        ({"name": "RandAugment"}, "moves boxes in another order than pixels; list the layers"),
        ({**MOVES[2], "fill_mode": "reflect"}, "fill_mode is 'reflect', which repeats objects"),
        ({**MOVES[2], "fill_value": 114}, "fill_value is 114, which would fill masks, too; remove"),
    ],
)
def test_what_boxes_cannot_follow_is_refused(
    config: Configure,  # noqa: F811
    layer: Any,
    said: str,
) -> None:
    with pytest.raises(UserError) as error:
        moved(scenes(), config([MOVES[0], layer], TASKS[0]))
    assert str(error.value).startswith("models/tiny/config.yaml: params.augmentation[1]: ")
    assert said in str(error.value)
