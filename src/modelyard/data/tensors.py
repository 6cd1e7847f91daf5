"""Prepared arrays as functions of TensorFlow, for the datasets of a DataProvider."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from modelyard.config import Config
from modelyard.config.data_section import Split
from modelyard.errors import UserError

from . import open_array
from .buckets import Bucket
from .manifest import STRING, ArraySpec
from .order import WINDOW, Part, ShardOrder
from .rows import Rows, open_rows

MEGABYTE = 2**20


def rows(
    config: Config, split: Split, name: str, bucket: Bucket | None = None
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a function from positions int64 (n,) to the rows of an input or a target.

    They come from memory where the array fits into `params.cache_mb`, else from disk, whether they
    lie in one file or in shards. Rows whose lengths differ are filled up with zeros to the longest
    of a batch.

    Raises:
        UserError: there is no such array, or it is missing or damaged.
    """
    array = _opened(config, split, name, bucket)
    if array.is_flat and array.spec.dtype != STRING:
        return _filled(array)
    if array.nbytes <= config.params.cache_mb * MEGABYTE:
        with tf.device("CPU"):
            cached = tf.constant(array[:])
        return lambda positions: tf.gather(cached, positions)
    return _streamed(array)


def shuffled(positions: tf.Tensor, size: int, config: Config, epoch: tf.Variable) -> tf.Tensor:
    """Return which of `size` examples are at these positions of an epoch, int64 (n,).

    The order of a pass over all is a function of the seed and the pass; `params.epochs_per_pass`
    epochs follow each other in it. What they cannot share equally is left out, others in each pass.
    """
    parts = config.params.epochs_per_pass
    first = epoch % parts * (size // parts)
    key = tf.stack([tf.constant(config.params.seed, tf.int64), epoch // parts])
    return tf.random.experimental.index_shuffle(positions + first, key, size - 1)


def by_shards(
    config: Config,
    split: Split,
    bucket: Bucket,
    epoch: tf.Variable,
    part: Part = (0, 1),
) -> tf.data.Dataset:
    """Return batches of positions int64 (n,) that read a bucket shard by shard.

    The order is a function of seed, epoch and `part`, which is this machine's number and how many
    there are: each reads shards of its own. A few shards are mixed, while the next are fetched.

    Raises:
        UserError: the arrays are missing, there are fewer shards than machines, or the cache is too
            small for the shards that are mixed and the next ones.
    """
    names = [*bucket.manifest.inputs, *bucket.manifest.targets]
    arrays = [_opened(config, split, name, bucket) for name in names]
    largest = max(arrays, key=lambda array: len(array.starts))
    size = config.params.batch_size
    try:
        order = ShardOrder(largest, config.params.seed, part, config.params.epochs_per_pass)
    except ValueError as error:
        raise UserError(f"{bucket}: {error} of {split}; use fewer machines.") from None
    bucket.check_cache(2 * WINDOW, sum(array.nbytes for array in arrays))

    def positions(start: tf.Tensor) -> tf.Tensor:
        found = tf.numpy_function(
            lambda epoch, start: order.batch(epoch, start, size), [epoch, start], tf.int64
        )
        return tf.ensure_shape(found, (None,))

    return tf.data.Dataset.range(0, len(order), size).map(positions)


def _opened(config: Config, split: Split, name: str, bucket: Bucket | None) -> Rows:
    if bucket is None:
        return open_array(config.input_paths.data, split, name)
    return open_rows(bucket, split, name, bucket.manifest.spec(name))


def _streamed(array: Rows) -> Callable[[tf.Tensor], tf.Tensor]:
    dtype, shape = _dtype(array.spec), array.row_shape

    def stream(positions: tf.Tensor) -> tf.Tensor:
        batch = tf.numpy_function(array.__getitem__, [positions], dtype)
        return tf.ensure_shape(batch, (None, *shape))

    return stream


def _filled(array: Rows) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a function to rows of one size, the shorter ones filled up with zeros."""
    dtype, inner = _dtype(array.spec), tuple(size or 0 for size in array.spec.shape[1:])

    def fill(positions: np.ndarray) -> np.ndarray:
        found = array[positions]
        longest = max((len(row) for row in found), default=0)
        filled = np.zeros((len(found), longest, *inner), array.spec.dtype)
        for place, row in enumerate(found):
            filled[place, : len(row)] = row
        return filled

    def stream(positions: tf.Tensor) -> tf.Tensor:
        batch = tf.numpy_function(fill, [positions], dtype)
        return tf.ensure_shape(batch, (None, None, *inner))

    return stream


def _dtype(spec: ArraySpec) -> Any:
    return tf.string if spec.dtype == STRING else tf.as_dtype(spec.dtype)
