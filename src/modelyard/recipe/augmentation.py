"""Augmentation: Keras' layers, and the team's `augment`, on batches for training only.

All of it is a function of seed, epoch, batch and layer, so that a resumed training sees the same.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import keras
import tensorflow as tf

from modelyard.config import Config
from modelyard.config.shared_section import FIND_OBJECTS
from modelyard.errors import UserError

from .moved_objects import MovedObjects, RandomShear

Own = Callable[..., tuple[Any, Any]]
OWN = -1  # where the layers of `params.augmentation` have their position
PAIR, RANK = 2, 4  # images and targets; batch, height, width, channels
MOST = 255.0  # the range of pixels begins at 0
FAILURES = (ValueError, TypeError, NotImplementedError, ArithmeticError, tf.errors.OpError)


class Seeds(keras.random.SeedGenerator):
    """Seeds for one layer that depend on a key only, int32 (2,), and on how many were drawn."""

    def __init__(self) -> None:
        """Keep no variable: one would be shared by batches that are made at the same time."""
        self.begin(tf.zeros(2, tf.int32))

    def begin(self, key: Any) -> None:
        """Start anew from a batch's key."""
        self._key, self._drawn = key, 0

    def next(self, **_: Any) -> Any:
        """Return the next seed."""
        self._drawn += 1
        return tf.random.fold_in(self._key, self._drawn)


class Augmentation:
    """The layers of `params.augmentation`, called with (batch number, images, targets).

    Raises:
        UserError: a layer refuses its arguments.
    """

    def __init__(self, config: Config, epoch: tf.Variable) -> None:
        """Build the layers; `epoch` is read anew for each batch."""
        self._config, self._epoch = config, epoch
        self._boxes = config.task in FIND_OBJECTS
        self._seeds: list[Seeds] = []
        self._layers = [self._built(n) for n in range(len(config.params.augmentation))]

    def batch_key(self, batch: Any) -> Any:
        """Return the key of a batch, int32 (2,)."""
        seed = tf.constant([self._config.params.seed, 0], tf.int32)
        epoch = tf.cast(self._epoch, tf.int32)
        return tf.random.fold_in(tf.random.fold_in(seed, epoch), tf.cast(batch, tf.int32))

    def __call__(self, batch: Any, images: Any, targets: Any) -> tuple[Any, Any]:
        """Return float32 images, 0 to 255, in their old shape, and what became of the targets."""
        key, shape = self.batch_key(batch), images.shape
        images = tf.cast(images, tf.float32)
        objects = MovedObjects(targets, shape) if self._boxes else None
        for position, (layer, seeds) in enumerate(zip(self._layers, self._seeds, strict=True)):
            seeds.begin(tf.random.fold_in(key, position))
            try:
                images = objects.move(layer, images) if objects else layer(images, training=True)
            except FAILURES as error:
                self._refuse(position, error)
        images = tf.ensure_shape(tf.clip_by_value(images, 0.0, MOST), shape)
        return images, (objects.targets() if objects else targets)

    def _built(self, position: int) -> keras.Layer:
        entry = self._config.params.augmentation[position]
        arguments = {key: value for key, value in entry.items() if key != "name"}
        kind = getattr(keras.layers, entry["name"])
        if self._boxes:
            kind = RandomShear if kind is keras.layers.RandomShear else kind
            arguments["bounding_box_format"] = "xyxy"  # with rel_xyxy some layers turn boxes wrong
        try:
            layer = kind(**arguments)
        except FAILURES as error:
            self._refuse(position, error)
        seeds = Seeds()
        for part in _parts(layer):
            if hasattr(part, "generator"):
                part.generator = seeds
            if self._boxes and hasattr(part, "fill_mode"):
                part.fill_mode = "constant"
            part.dtype_policy = "float32"  # whatever precision the network has
        self._seeds.append(seeds)
        return layer

    def _refuse(self, position: int, error: Exception) -> NoReturn:
        entry = self._config.params.augmentation[position]
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(
            f"{self._config.file}: params.augmentation[{position}]: {entry['name']} cannot be "
            f"used: {reason}."
        ) from None


def augmented(
    dataset: tf.data.Dataset, config: Config, epoch: tf.Variable, own: Own | None = None
) -> tf.data.Dataset:
    """Return batches (images, targets, …) for training with `params.augmentation` and `own`.

    `own` is `augment(images, targets)`, or `augment(images, targets, seed)` with a seed int32
    (2,) for the stateless functions of TensorFlow; it is used last. Without both the dataset
    itself is returned.

    Raises:
        UserError: a layer or `own` does not fit the batches, or each other.
    """
    if not config.params.augmentation and own is None:
        return dataset
    if config.params.augmentation:
        _check_images(dataset, config)
    augmentation = Augmentation(config, epoch)

    def layers(batch: Any, parts: Any) -> tuple[Any, Any]:
        images, targets, *rest = parts
        return batch, (*augmentation(batch, images, targets), *rest)

    numbered = dataset.enumerate()
    if config.params.augmentation or _has_images(dataset):
        numbered = _mapped(numbered, layers)
    if own is None:
        return _mapped(numbered, lambda _, parts: parts).prefetch(tf.data.AUTOTUNE)
    theirs = _Own(own)

    def last(batch: Any, parts: Any) -> tuple[Any, ...]:
        return theirs(parts, tf.random.fold_in(augmentation.batch_key(batch), OWN))

    return _mapped(numbered, last).prefetch(tf.data.AUTOTUNE)


def _mapped(dataset: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
    """Map batches several at a time, in their order; AutoGraph would wrap our own errors."""
    plain = tf.autograph.experimental.do_not_convert(function)
    return dataset.map(plain, tf.data.AUTOTUNE, deterministic=True)


class _Own:
    """The team's `augment`, whose mistakes are told by file and line."""

    def __init__(self, function: Own) -> None:
        """Let AutoGraph convert it, as `Dataset.map` would."""
        self._function = tf.function(function)
        self._seeded = "seed" in inspect.signature(function).parameters
        code = inspect.unwrap(function).__code__
        self._file, self._line, self._name = code.co_filename, code.co_firstlineno, code.co_name

    def __call__(self, parts: Any, seed: Any) -> tuple[Any, ...]:
        """Return the parts of a batch, of which it changes images and targets."""
        images, targets, *rest = parts
        try:
            keywords = {"seed": seed} if self._seeded else {}
            result = self._function(images, targets, **keywords)
        except Exception as error:
            raise UserError(self._failure(error)) from error
        if not isinstance(result, tuple | list) or len(result) != PAIR:
            raise UserError(
                f"{self._place(self._line)} must return two values, `return images, targets`."
            )
        try:
            tf.nest.assert_same_structure(images, result[0])
        except (TypeError, ValueError):
            raise UserError(
                f"{self._place(self._line)} returns other inputs than it was given; return them "
                "under the same names."
            ) from None
        pairs = zip(tf.nest.flatten(images), tf.nest.flatten(result[0]), strict=True)
        for before, after in pairs:
            shape = tf.convert_to_tensor(after).shape
            if shape.rank != before.shape.rank or not shape.is_compatible_with(before.shape):
                raise UserError(
                    f"{self._place(self._line)} turns images of shape {before.shape} into {shape}; "
                    "the network is built for the first."
                )
        return (*result, *rest)

    def _place(self, line: int) -> str:
        return f"{self._file}, line {line}: {self._name}"

    def _failure(self, error: Exception) -> str:
        """Name the innermost line of its file, as AutoGraph reports it."""
        text = str(error).strip()
        lines = re.findall(rf'File "{re.escape(self._file)}", line (\d+)', text)
        reason = text.splitlines()[-1].strip().rstrip(".") if text else type(error).__name__
        place = self._place(int(lines[-1]) if lines else self._line)
        return f"{place} fails on a batch: {reason}."


def _parts(layer: keras.Layer) -> Iterator[keras.Layer]:
    """Yield a layer and those inside it."""
    yield layer
    for value in list(vars(layer).values()):
        if isinstance(value, keras.Layer):
            yield from _parts(value)


def _has_images(dataset: tf.data.Dataset) -> bool:
    spec = dataset.element_spec
    images = spec[0] if isinstance(spec, tuple) and len(spec) >= PAIR else None
    return getattr(getattr(images, "shape", None), "rank", None) == RANK


def _check_images(dataset: tf.data.Dataset, config: Config) -> None:
    if not _has_images(dataset):
        raise UserError(
            f"{config.file}: params.augmentation is for batches of images and targets, (batch, "
            f"height, width, channels); the training data is {dataset.element_spec}; augment it in "
            "`augment` of the model's module."
        )
