"""What a model of an adapter takes and gives: its predict_configuration.yaml."""

from typing import Any

from modelyard.config import Config
from modelyard.data.manifest import Manifest
from modelyard.tasks.outputs import described_output


def predict_configuration(config: Config, manifest: Manifest, adapter: type) -> dict[str, Any]:
    """Describe a model that its adapter loads and, if it defines `predict`, predicts with."""
    from modelyard.tasks.kinds import kind_of  # numpy, which not every stage needs

    return {
        "model": config.name,
        "task": config.task,
        "input": kind_of(manifest).described(),
        "output": described_output(manifest),
        "adapter": config.adapter.as_posix() if config.adapter else None,
        "predicts": predicts(adapter),
    }


def predicts(adapter: type) -> bool:
    """Say whether an adapter defines `predict`."""
    return callable(getattr(adapter, "predict", None))
