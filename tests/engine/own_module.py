"""Networks of a team's own, as modules of src/models in a workspace."""

import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import keras
import pytest

import src.models

HEAD = """import keras

layers = keras.layers
registered = keras.saving.register_keras_serializable
"""
NETWORK = """
def build_model(config, hyperparameters, input_shape, class_count):
    values = images = keras.Input(input_shape)
    values = layers.Flatten()(layers.Rescaling(1 / 255)(values))
    values = layers.Dense(hyperparameters["hidden_units"], activation="relu")(values)
    hyperparameters["dropout_rate"], hyperparameters["filters"]
    outputs = layers.Dense(class_count, activation="softmax")(values)
    return keras.Model(images, outputs, name=config.name)
"""


@pytest.fixture
def own_modules(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the workspace a folder src/models beside the project's; what lies there is imported."""
    folder = workspace / "src/models"
    folder.mkdir(parents=True)
    shutil.copy(Path(src.models.__file__).with_name("dense.py"), folder)
    monkeypatch.setattr(src.models, "__path__", [str(folder), *src.models.__path__])
    monkeypatch.setattr("modelyard.config.architecture.source_folder", lambda: Path("src"))
    known, registered = set(sys.modules), dict(keras.saving.get_custom_objects())
    yield folder
    for name in set(sys.modules) - known:
        if name.startswith("src.models."):
            del sys.modules[name]
            delattr(src.models, name.rpartition(".")[2])
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(registered)
    keras.config.set_dtype_policy("float32")


def write_network(text: str, name: str = "mine") -> str:
    """Write src/models/NAME.py; return the override that chooses it."""
    Path("src/models", f"{name}.py").write_text(HEAD + textwrap.dedent(text))
    return f"architecture={name}"
