"""Networks of Keras' own layers that are known to save, load and export to TFLite."""

from collections.abc import Iterator
from typing import Any

import keras

LAYERS = {
    "Activation", "Add", "AveragePooling2D", "BatchNormalization", "Concatenate", "Conv2D", "Dense",
    "DepthwiseConv2D", "Dropout", "Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D",
    "InputLayer", "LayerNormalization", "LeakyReLU", "MaxPooling2D", "Multiply", "Normalization",
    "ReLU", "Rescaling", "Reshape", "Resizing", "SeparableConv2D", "UpSampling2D", "ZeroPadding2D",
}  # fmt: skip
MODELS = {"Functional", "Model", "Sequential"}
HARMLESS = {"keras.constraints", "keras.initializers", "keras.regularizers"}
# Other values of these have operators that TFLite lacks, or that were never tried.
ALLOWED: dict[str, tuple[object, ...]] = {
    "activation": ("linear", "relu", "relu6", "sigmoid", "softmax", "tanh", None),
    "crop_to_aspect_ratio": (False,),
    "data_format": ("channels_last", None),
    "dtype": ("float32",),
    "groups": (1,),
    "interpolation": ("bilinear", "nearest"),
    "pad_to_aspect_ratio": (False,),
}


def known_to_export(model: keras.Model) -> bool:
    """Say whether a network has only layers, nested ones too, that are known to export in float32.

    A network of which this is false may well export; it has to be tried.
    """
    try:
        document = keras.saving.serialize_keras_object(model)
    except Exception:  # a layer of the project's own without get_config
        return False
    return all(_known(one) for one in _objects(document))


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every serialized object; how a model is compiled does not matter."""
    if isinstance(document, dict):
        if "class_name" in document and "module" in document:
            yield document
        document = [value for key, value in document.items() if key != "compile_config"]
    if isinstance(document, list | tuple):
        for one in document:
            yield from _objects(one)


def _known(one: dict[str, Any]) -> bool:
    module, name, config = str(one["module"]), one["class_name"], one["config"]
    if module in HARMLESS:
        return True
    if name == "DTypePolicy":
        return bool(config == {"name": "float32"})
    if name in MODELS:
        return module == "keras" or module.startswith("keras.src.models.")
    return module == "keras.layers" and name in LAYERS and _plain(config)


def _plain(config: dict[str, Any]) -> bool:
    """Say whether a layer's settings are known to export; objects among them are looked at too."""
    settings = [(config[key], allowed) for key, allowed in ALLOWED.items() if key in config]
    return all(isinstance(value, dict) or value in allowed for value, allowed in settings)
