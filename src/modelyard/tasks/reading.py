"""What a DataProvider reads: examples by their positions, as the manifest describes them."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from modelyard.config import Config
from modelyard.config.data_section import Split
from modelyard.data.buckets import Bucket
from modelyard.data.manifest import read_manifest
from modelyard.data.tensors import rows

from . import meaning

Batch = tuple[Any, Any]  # inputs and targets


def reader(
    config: Config, split: Split, bucket: Bucket | None = None
) -> Callable[[tf.Tensor], Batch]:
    """Return a function from positions int64 (n,) to a batch (inputs, targets) of a split.

    They are read from the prepared data on disk, or from a bucket. Inputs are what the saved model
    takes: one tensor, or tensors by name where there are several.

    Raises:
        UserError: an array of the prepared data is missing or damaged.
    """
    manifest = bucket.manifest if bucket else read_manifest(config.input_paths.data)
    inputs = {name: rows(config, split, name, bucket) for name in manifest.inputs}
    targets = [rows(config, split, name, bucket) for name in manifest.targets]
    join = meaning(manifest.head).join

    def batch(positions: tf.Tensor) -> Batch:
        found = {name: read(positions) for name, read in inputs.items()}
        alone = len(found) == 1
        learned = join(*(read(positions) for read in targets))
        return (next(iter(found.values())) if alone else found), learned

    return batch
