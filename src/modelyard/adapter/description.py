"""What a model of an adapter takes and gives: its predict_configuration.yaml."""

from typing import Any

from modelyard.config import Config
from modelyard.data.manifest import Manifest

# As the tasks describe their outputs, which they can only where TensorFlow is imported.
OBJECTS = {
    "activation": "objects",
    "columns": ["x1", "y1", "x2", "y2", "score", "class"],
}
OUTPUTS: dict[str, dict[str, Any]] = {
    "image_classification": {"activation": "probabilities"},
    "object_detection": OBJECTS,
    "instance_segmentation": OBJECTS,
}


def predict_configuration(config: Config, manifest: Manifest, adapter: type) -> dict[str, Any]:
    """Describe a model that its adapter loads and, if it defines `predict`, predicts with."""
    return {
        "model": config.name,
        "task": config.task,
        "input": manifest.reading.described(),
        "output": OUTPUTS[config.task] | {"classes": list(manifest.classes)},
        "adapter": config.adapter.as_posix() if config.adapter else None,
        "predicts": predicts(adapter),
    }


def predicts(adapter: type) -> bool:
    """Say whether an adapter defines `predict`."""
    return callable(getattr(adapter, "predict", None))
