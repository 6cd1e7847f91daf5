"""Datasets for training and evaluation, from what `prepare` left on disk."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ..utils.manifest import Split, read_manifest
from ..utils.schema import Config
from ..utils.utils import UserError

MEGABYTE = 2**20


class DataProvider:
    """The datasets of one model as attributes `train`, `validation` and `test`.

    Each yields batches (images, labels): uint8 (batch, height, width, channels) with values
    0 to 255, and int32 (batch,) positions in `classes`. Only `train` is shuffled: each epoch has an
    order of its own, a function of seed and epoch, so that a resumed training sees the same.
    """

    train: tf.data.Dataset
    validation: tf.data.Dataset
    test: tf.data.Dataset

    def __init__(self, config: Config) -> None:
        """Read the manifest; the arrays are opened by `get_data`."""
        self.config = config
        self.manifest = read_manifest(config.input_paths.data)
        self.classes = self.manifest.classes
        self.input_shape = self.manifest.image_shape
        self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False)

    def get_data(self) -> None:
        """Set `train`, `validation` and `test`. Replace this to bring data of another kind."""
        self.train = self._dataset("train", shuffle=True)
        self.validation = self._dataset("validation")
        self.test = self._dataset("test")

    def set_epoch(self, epoch: int) -> None:
        """Choose the order in which `train` is iterated next."""
        self._epoch.assign(epoch)

    def _dataset(self, split: Split, *, shuffle: bool = False) -> tf.data.Dataset:
        """Batches of positions, shuffled as positions, turned into examples a batch at a time."""
        size, seed = self.manifest.size(split), self.config.params.seed
        images, labels = self._images(split), tf.constant(self._load(split, "labels"))

        def examples(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            if shuffle:
                key = tf.stack([tf.constant(seed, tf.int64), self._epoch])
                positions = tf.random.experimental.index_shuffle(positions, key, size - 1)
            return images(positions), tf.gather(labels, positions)

        batches = tf.data.Dataset.range(size).batch(self.config.params.batch_size)
        return batches.map(examples, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def _images(self, split: Split) -> Callable[[tf.Tensor], tf.Tensor]:
        """Return a function from positions to images: from memory if they fit, else from disk."""
        images = self._load(split, "images")
        if images.nbytes <= self.config.params.cache_mb * MEGABYTE:
            with tf.device("CPU"):
                cached = tf.constant(images)
            return lambda positions: tf.gather(cached, positions)

        def stream(positions: tf.Tensor) -> tf.Tensor:
            batch = tf.numpy_function(images.__getitem__, [positions], tf.uint8)
            return tf.ensure_shape(batch, (None, *self.input_shape))

        return stream

    def _load(self, split: Split, kind: str) -> np.memmap:
        """Open one array of the prepared data without reading it."""
        path = self.config.input_paths.data / f"{split}_{kind}.npy"
        try:
            return np.lib.format.open_memmap(path, mode="r")
        except (OSError, ValueError):
            raise UserError(
                f"{path} is missing or damaged; run `dvc repro --force prepare`."
            ) from None
