"""Datasets for training and evaluation, from what `prepare` left on disk."""

from collections.abc import Callable

import tensorflow as tf
from modelyard.data import Split, open_array, read_manifest
from modelyard.tasks import load_task

from ..utils.utils import Config

MEGABYTE = 2**20


class DataProvider:
    """The datasets of one model as attributes `train`, `validation` and `test`.

    Each yields batches (images, targets): uint8 (batch, height, width, channels) with values 0 to
    255, and what `join` of the task returns, for classification int32 (batch,) positions in
    `classes`. Only `train` is shuffled: each epoch has an order of its own, a function of seed and
    epoch, so that a resumed training sees the same.
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
        self._task = load_task(config.task)
        self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False)

    def get_data(self) -> None:
        """Set `train`, `validation` and `test`."""
        # yours: any datasets of batches (inputs, targets) will do
        self.train = self._dataset("train", shuffle=True)
        self.validation = self._dataset("validation")
        self.test = self._dataset("test")

    def in_order(self, split: Split) -> tf.data.Dataset:
        """Return a split as it was prepared, so that outputs can be matched with annotations."""
        return self._dataset(split)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order in which `train` is iterated next."""
        self._epoch.assign(epoch)

    def _dataset(self, split: Split, *, shuffle: bool = False) -> tf.data.Dataset:
        """Batches of positions, shuffled as positions, turned into examples a batch at a time."""
        size, seed = self.manifest.size(split), self.config.params.seed
        images = self._array(split, "images")
        targets = [self._array(split, kind) for kind in self._task.ARRAYS]

        def examples(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            if shuffle:
                key = tf.stack([tf.constant(seed, tf.int64), self._epoch])
                positions = tf.random.experimental.index_shuffle(positions, key, size - 1)
            return images(positions), self._task.join(*(target(positions) for target in targets))

        batches = tf.data.Dataset.range(size).batch(self.config.params.batch_size)
        return batches.map(examples, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def _array(self, split: Split, kind: str) -> Callable[[tf.Tensor], tf.Tensor]:
        """Return a function from positions to rows: from memory if they fit, else from disk."""
        array = open_array(self.config.input_paths.data / f"{split}_{kind}.npy")
        if array.nbytes <= self.config.params.cache_mb * MEGABYTE:
            with tf.device("CPU"):
                cached = tf.constant(array)
            return lambda positions: tf.gather(cached, positions)

        def stream(positions: tf.Tensor) -> tf.Tensor:
            batch = tf.numpy_function(array.__getitem__, [positions], array.dtype)
            return tf.ensure_shape(batch, (None, *array.shape[1:]))

        return stream
