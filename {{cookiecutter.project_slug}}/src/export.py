"""Write a trained model in every form that others need, each file whole or not at all."""

from pathlib import Path
from typing import Any

import keras

from .tasks import load_task
from .utils.hyperparameters import Hyperparameters
from .utils.manifest import Manifest
from .utils.schema import Config
from .utils.utils import whole_file, write_json, write_yaml


def export(
    model: keras.Model,
    config: Config,
    manifest: Manifest,
    hyperparameters: Hyperparameters,
    train_configuration: dict[str, Any],
) -> None:
    """Write descriptions first and `model.keras` last, so that it vouches for the others."""
    paths = config.output_paths.model
    model = load_task(config.task).finish(model, len(manifest.classes))
    mapping = {str(label): name for label, name in enumerate(manifest.classes)}
    write_json(paths.output_mapping, mapping)
    write_yaml(paths.root / "hparams.yaml", hyperparameters)
    write_yaml(paths.root / "train_configuration.yaml", train_configuration)
    write_yaml(paths.root / "predict_configuration.yaml", _predict_configuration(config, manifest))
    _write_tflite(model, paths.tflite_model)
    with whole_file(paths.keras_model) as temporary:
        model.save(temporary)


def _predict_configuration(config: Config, manifest: Manifest) -> dict[str, Any]:
    """Describe what the saved model takes and gives, for those who only predict."""
    height, width, channels = manifest.image_shape
    return {
        "model": config.name,
        "task": config.task,
        "input": {
            "height": height,
            "width": width,
            "channels": channels,
            "pixel_range": [0, 255],
        },
        "output": load_task(config.task).output(list(manifest.classes)),
    }


def _write_tflite(model: keras.Model, path: Path) -> None:
    with whole_file(path) as temporary:
        model.export(temporary, format="litert", verbose=False)
