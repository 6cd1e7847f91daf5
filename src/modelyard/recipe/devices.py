"""Which devices of the machine a training uses, and how busy they were.

Of what Keras 3.15 and TensorFlow 2.21 offer, `tf.distribute.MirroredStrategy` works with `fit`.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import tensorflow as tf

from modelyard.config.schema import Config
from modelyard.errors import UserError


def chosen(config: Config) -> list[str]:
    """Return the devices that `params.devices` names, such as GPU:0; a GPU before any CPU.

    Raises:
        UserError: there are not as many, or a batch has not an example for each.
    """
    found, wanted = _all(), config.params.devices
    numbers = range(wanted) if isinstance(wanted, int) else wanted
    if wanted == "all":
        numbers = range(len(found))
    if max(numbers) >= len(found):
        raise UserError(
            f"{config.file}: params.devices is {wanted}, but this machine has {len(found)}: "
            f"{', '.join(found)}; write all, or fewer."
        )
    if config.params.batch_size % len(numbers):
        raise UserError(
            f"{config.file}: params.batch_size is {config.params.batch_size}, which "
            f"{len(numbers)} devices cannot share evenly; write a multiple of {len(numbers)}, or "
            "fewer params.devices."
        )
    return [found[number] for number in numbers]


def scope(config: Config) -> AbstractContextManager[Any]:
    """Return what a model is built in so that several devices train it together.

    One device is used as without any of this.
    """
    devices = chosen(config)
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy(devices).scope()  # type: ignore[no-any-return]
    first = devices == _all()[:1]
    return nullcontext() if first else tf.distribute.OneDeviceStrategy(devices[0]).scope()


def shared_evenly(batches: tf.data.Dataset, config: Config, examples: int) -> tf.data.Dataset:
    """Return batches that all devices get an equal part of.

    Of an uneven last batch fewer examples than there are devices are left out, others in each
    epoch: a device without any would stop the training, or count as much as the others.
    """
    devices, rest = len(chosen(config)), examples % config.params.batch_size
    if devices == 1 or rest % devices == 0:
        return batches
    if rest < devices:
        return batches.take(examples // config.params.batch_size)

    def even(*parts: Any) -> Any:
        first = tf.nest.flatten(parts[0])[0]
        kept = tf.shape(first)[0] // devices * devices
        return tf.nest.map_structure(lambda part: part[:kept], parts)

    return batches.map(even, tf.data.AUTOTUNE, deterministic=True)


def _all() -> list[str]:
    for kind in ("GPU", "CPU"):
        if found := tf.config.list_logical_devices(kind):
            return [device.name.removeprefix("/device:") for device in found]
    return ["CPU:0"]
