"""Networks of keras.applications, to build architectures on; no architecture itself."""

import keras
from modelyard.config import Hyperparameters
from modelyard.errors import UserError
from modelyard.training import is_imagenet

from ..utils.utils import Config

# They scale values from 0 to 255 themselves.
BACKBONES = ("EfficientNetV2B0", "EfficientNetV2S", "MobileNetV3Large", "MobileNetV3Small")
COLOURS = 3


def network(
    config: Config,
    hyperparameters: Hyperparameters,
    input_shape: tuple[int, int, int],
    pooling: str | None = None,
) -> keras.Model:
    """Return a network of keras.applications without its classifier."""
    name = hyperparameters["backbone"]
    if name not in BACKBONES:
        raise UserError(
            f"{config.file}: backbone is {name!r}; known backbones: {', '.join(BACKBONES)}."
        )
    return getattr(keras.applications, name)(
        include_top=False,
        weights="imagenet" if is_imagenet(config) else None,  # downloaded once
        input_shape=input_shape,
        pooling=pooling,
        name="backbone",  # for `params.freeze`
    )
