"""The sections `input_paths` and `output_paths` of a model's config.yaml."""

from pathlib import Path

from pydantic import Field

from .own_paths import OpenSection
from .section import ProjectPath


class InputPaths(OpenSection):
    """What the stages of a model read; further entries are files and folders of the team's own.

    Attributes:
        data: prepared data; where it is left out, it is data.processed of the root config.yaml.
    """

    data: ProjectPath = Field(default_factory=Path)


class ModelPaths(OpenSection):
    """What `train` writes for one model; further entries are the team's own.

    Attributes:
        root: the model's own folder.
        keras_model: the trained model, preprocessing inside.
        tflite_model: the same for small devices; an ONNX file lies beside it.
        output_mapping: position of an output to its class.
    """

    root: ProjectPath
    keras_model: ProjectPath
    tflite_model: ProjectPath
    output_mapping: ProjectPath

    @property
    def exports(self) -> Path:
        """The folder that `train` always makes, empty where nothing is exported."""
        return self.root / "exports"

    def form(self, name: str) -> Path:
        """Return where a form of the model is written: keras, tflite or onnx."""
        return self.keras_model if name == "keras" else self.tflite_model.with_suffix(f".{name}")


class OutputPaths(OpenSection):
    """What the stages of a model write; further entries are the team's own.

    Attributes:
        training_metrics: curves, metrics, predictions and trials; in Git.
    """

    model: ModelPaths
    training_metrics: ProjectPath
