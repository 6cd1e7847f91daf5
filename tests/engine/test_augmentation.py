"""Augmentation of training batches: repeatable, only what Keras knows, boxes and masks included."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
)

from modelyard.config.augmentation_names import (
    AUGMENTATION,
    AUGMENTATION_MANAGED,
    AUGMENTATION_MOVES,
    AUGMENTATION_NEEDS,
    NO_AUGMENTATION,
    NO_OBJECTS,
)
from modelyard.config.loading import load_config
from modelyard.errors import UserError
from modelyard.files import write_yaml
from modelyard.recipe.augmentation import augmented

from . import tiny_scenes, tiny_stripes
from .tiny import MODEL

SIDE, BATCHES, BATCH = 32, 3, 4
FLIP = {"name": "RandomFlip", "mode": "horizontal"}
SAMPLES = {"factor": 0.3, "height_factor": 0.2, "width_factor": 0.2}
MORE: dict[str, dict[str, Any]] = {
    "RandomColorJitter": {"brightness_factor": 0.3, "hue_factor": 0.2, "saturation_factor": 0.4},
    "RandomShear": {"x_factor": [0.1, 0.3]},
    "RandomPosterization": {"factor": 3},
    "Solarization": {"addition_factor": 0.2, "threshold_factor": 0.5},
}
Configure = Callable[..., Any]
Own = Callable[..., Any]


def forgetful(images: Any, targets: Any) -> Any:
    return images + tf.cast(targets[0], tf.float32)


def halving(images: Any, targets: Any) -> Any:
    return images[:, ::2], targets


def confused(images: Any, targets: Any) -> Any:
    images = images / 2
    images = images + targets  # of another type
    return images, targets


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Return a function that reads a configuration with these layers, for a task."""
    monkeypatch.chdir(tmp_path)

    def configured(layers: list[Any], task: str = "", **params: object) -> Any:
        project = tiny_scenes.project(task) if task else tiny_stripes.PROJECT
        model = tiny_scenes.model(task) if task else tiny_stripes.TINY
        given = {**model["params"], "augmentation": layers, **params}
        write_yaml(Path("config.yaml"), project)
        write_yaml(MODEL / "config.yaml", {**model, "params": given})
        return load_config()

    return configured


def pictures(channels: int = 3) -> tf.data.Dataset:
    """Return a few batches of noise, with the number of each image as its target."""
    random = np.random.default_rng(0)
    count = BATCHES * BATCH
    images = random.integers(0, 256, (count, SIDE, SIDE, channels)).astype(np.uint8)
    return tf.data.Dataset.from_tensor_slices((images, np.arange(count))).batch(BATCH)


def epochs(config: Any, *numbers: int, own: Own | None = None) -> list[np.ndarray]:
    """Return the images of some epochs, one after the other, as one training would see them."""
    epoch = tf.Variable(0, dtype=tf.int64)
    dataset = augmented(pictures(), config, epoch, own)
    seen = []
    for number in numbers:
        epoch.assign(number)
        seen.append(np.concatenate([images for images, _ in dataset.as_numpy_iterator()]))
    return seen


def test_seed_and_epoch_alone_decide_what_a_batch_looks_like(config: Configure) -> None:
    layers = [FLIP, {"name": "random_rotation", "factor": 0.1}, "RandAugment"]
    first, second, third = epochs(config(layers), 0, 1, 2)
    assert not np.array_equal(first, second)
    again = epochs(config(layers), 1, 0)
    assert np.array_equal(again[0], second)
    assert np.array_equal(again[1], first)
    (resumed,) = epochs(config(layers), 2)  # by another process, which saw no epoch before
    assert np.array_equal(resumed, third)
    (other,) = epochs(config(layers, seed=2), 0)
    assert not np.array_equal(other, first)


def test_each_batch_and_each_layer_draws_for_itself(config: Configure) -> None:
    dark = {"name": "RandomBrightness", "factor": [-0.5, -0.1]}
    epoch = tf.Variable(0, dtype=tf.int64)
    white = tf.data.Dataset.from_tensors((tf.fill((1, 8, 8, 3), 200.0), [0])).repeat(20)
    once, twice = (
        [images[0, 0, 0, 0] for images, _ in augmented(white, config(layers), epoch)]
        for layers in ([dark], [dark, dark])
    )
    assert len(set(map(float, once))) == 20
    second = [float(b - a) for a, b in zip(once, twice, strict=True)]
    first = [float(a - 200) for a in once]
    assert max(second) < 0
    assert all(abs(a - b) > 1e-3 for a, b in zip(first, second, strict=True))


def test_nothing_to_do_costs_nothing(config: Configure) -> None:
    dataset = pictures()
    assert augmented(dataset, config([]), tf.Variable(0)) is dataset


def test_targets_and_weights_pass_through(config: Configure) -> None:
    dataset = pictures().map(lambda images, labels: (images, labels, tf.ones_like(labels)))
    result = list(augmented(dataset, config([FLIP]), tf.Variable(0)).as_numpy_iterator())
    assert np.concatenate([labels for _, labels, _ in result]).tolist() == list(range(12))
    assert all((weights == 1).all() for _, _, weights in result)


@pytest.mark.parametrize("name", AUGMENTATION)
def test_every_layer_changes_images_and_keeps_their_shape_and_range(
    config: Configure, name: str
) -> None:
    arguments = {key: SAMPLES[key] for key in AUGMENTATION_NEEDS.get(name, ())}
    settings = config([{"name": name, **arguments, **MORE.get(name, {})}])
    keras.config.set_dtype_policy("mixed_float16")  # of the network, not of its input
    try:
        dataset = augmented(pictures(), settings, tf.Variable(0))
    finally:
        keras.config.set_dtype_policy("float32")
    assert dataset.element_spec[0] == tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32)
    before = np.concatenate([images for images, _ in pictures().as_numpy_iterator()])
    after = np.concatenate([images for images, _ in dataset.as_numpy_iterator()])
    assert after.min() >= 0
    assert after.max() <= 255
    assert not np.array_equal(after, before)
    assert after.std() > 10


def test_the_table_is_what_keras_offers() -> None:
    layers = {
        name: kind
        for name, kind in vars(keras.layers).items()
        if inspect.isclass(kind) and issubclass(kind, BaseImagePreprocessingLayer)
    }
    assert {*AUGMENTATION, *NO_AUGMENTATION} == set(layers)
    assert {*AUGMENTATION_MOVES, *NO_OBJECTS} < set(AUGMENTATION)
    ignored = {*AUGMENTATION_MANAGED, "name", "kwargs"}
    for name, arguments in AUGMENTATION.items():
        parameters = inspect.signature(layers[name]).parameters
        assert arguments == tuple(one for one in parameters if one not in ignored)
        needed = [key for key in arguments if parameters[key].default is inspect.Parameter.empty]
        assert AUGMENTATION_NEEDS.get(name, ()) == tuple(needed)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("RandomFlp", "'RandomFlp' is not a layer that augments images (did you mean 'RandomFlip"),
        ({"name": "RandomFlip", "mod": "x"}, "no argument 'mod' (did you mean 'mode'?); it takes"),
        ({"name": "RandomFlip", "seed": 3}, "seed of RandomFlip is set by the training; remove it"),
        (
            {"name": "RandomFlip", "mode": "horizontally"},
            "mode of the layer RandomFlip is 'horizontally' (did you mean 'horizontal'?); it may",
        ),
        ("random_zoom", "RandomZoom needs height_factor; add it"),
        ({"name": "RandomCrop", "height": 8, "width": 8}, "changes the images' size; set data.im"),
        ("MixUp", "MixUp mixes the labels of two images; mix images and targets in `augment`"),
        ("AugMix", "use RandAugment"),
        ({"RandomFlip": {"mode": "horizontal"}}, "must be a layer's name, such as RandomFlip, or"),
        (3, "must be a layer's name"),
    ],
)
def test_names_and_arguments_are_checked_without_tensorflow(
    config: Configure, layer: object, said: str
) -> None:
    with pytest.raises(UserError) as error:
        config([FLIP, layer])
    assert "models/tiny/config.yaml: params.augmentation[1]" in str(error.value)
    assert said in str(error.value)
    assert str(error.value).count("\n") == 0


@pytest.mark.parametrize(
    ("layer", "channels", "said"),
    [
        ({"name": "RandomErasing", "factor": 2}, 3, "RandomErasing cannot be used: "),
        ({"name": "RandomRotation", "factor": 3}, 3, "in the range [-1, 1]"),
        ({"name": "RandomZoom", "height_factor": "much"}, 3, "RandomZoom cannot be used: "),
        ({"name": "RandomHue", "factor": 0.1}, 1, "RandomHue cannot be used: "),
    ],
)
def test_what_keras_refuses_is_one_sentence_before_training(
    config: Configure, layer: object, channels: int, said: str
) -> None:
    with pytest.raises(UserError) as error:
        augmented(pictures(channels), config([FLIP, layer]), tf.Variable(0))
    assert str(error.value).startswith("models/tiny/config.yaml: params.augmentation[1]: ")
    assert said in str(error.value)
    assert str(error.value).count("\n") == 0


def test_augmentation_of_what_is_no_image_says_where_it_belongs(config: Configure) -> None:
    rows = tf.data.Dataset.from_tensor_slices((np.zeros((8, 3)), np.zeros(8))).batch(4)
    with pytest.raises(UserError, match="augment it in `augment` of the model's module"):
        augmented(rows, config([FLIP]), tf.Variable(0))


def test_the_team_s_own_augmentation_comes_last_and_may_change_targets(config: Configure) -> None:
    def augment(images: Any, targets: Any, seed: Any) -> Any:
        noise = tf.random.stateless_uniform(tf.shape(images), seed)
        return images * 0 + noise, targets + 100

    layers = [{"name": "RandomBrightness", "factor": 0.2}]
    first, second = epochs(config(layers), 0, 1, own=augment)
    assert 0 < first.min() < first.max() < 1
    assert not np.array_equal(first, second)
    assert np.array_equal(epochs(config([]), 1, own=augment)[0], second)
    dataset = augmented(pictures(), config([]), tf.Variable(0), augment)
    assert [labels[0] for _, labels in dataset.as_numpy_iterator()] == [100, 104, 108]


def test_own_augmentation_without_a_seed_may_branch_on_tensors(config: Configure) -> None:
    def augment(images: Any, targets: Any) -> Any:
        if targets[0] > 3:
            images = 255 - images
        return images, targets

    before = np.concatenate([images for images, _ in pictures().as_numpy_iterator()])
    (after,) = epochs(config([]), 0, own=augment)
    assert np.array_equal(after[:4], before[:4])
    assert np.array_equal(after[4:], 255 - before[4:])


@pytest.mark.parametrize(
    ("augment", "line", "said"),
    [
        (forgetful, 0, "forgetful must return two values, `return images, targets`."),
        (halving, 0, "into (None, 16, 32, 3); the network is built for the first."),
        (confused, 2, "confused fails on a batch: TypeError: Input 'y'"),
    ],
)
def test_mistakes_in_own_augmentation_name_its_place(
    config: Configure, augment: Any, line: int, said: str
) -> None:
    with pytest.raises(UserError) as error:
        augmented(pictures(), config([]), tf.Variable(0), augment)
    line += augment.__code__.co_firstlineno
    assert str(error.value).startswith(f"{__file__}, line {line}: ")
    assert str(error.value).count("\n") == 0
    assert said in str(error.value)
