"""Datasets for training and evaluation, from what `prepare` left on disk."""

import tensorflow as tf
from modelyard.data import Split, read_manifest
from modelyard.data.tensors import shuffled
from modelyard.tasks.reading import reader

from ..utils.utils import Config


class DataProvider:
    """The datasets of one model as attributes `train`, `validation` and `test`.

    Each yields batches (inputs, targets) as manifest.json of the prepared data describes them: what
    the saved model takes, such as images uint8 (batch, height, width, channels), and what it
    learns, such as int32 (batch,) positions in `classes`. Only `train` is shuffled: each epoch has
    an order of its own, a function of seed and epoch, so that a resumed training sees the same.
    """

    train: tf.data.Dataset
    validation: tf.data.Dataset
    test: tf.data.Dataset

    def __init__(self, config: Config) -> None:
        """Read the manifest; the arrays are opened by `get_data`."""
        self.config = config
        self.manifest = read_manifest(config.input_paths.data)
        self.classes = self.manifest.classes
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
        size, read = self.manifest.size(split), reader(self.config, split)
        count = self.manifest.epoch_size(self.config) if shuffle else size

        def examples(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            if shuffle:
                positions = shuffled(positions, size, self.config, self._epoch)
            return read(positions)

        batches = tf.data.Dataset.range(count).batch(self.config.params.batch_size)
        return batches.map(examples, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
