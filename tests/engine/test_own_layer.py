"""A network may have layers of the project's own: whatever loads it knows them."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .conftest import ROOT

OWN_LAYER = """
import keras


@keras.saving.register_keras_serializable("ours")
class Halved(keras.layers.Layer):
    def call(self, values):
        return values / 2
"""


@pytest.mark.usefixtures("workspace")
def test_a_saved_model_with_a_layer_of_the_project_s_own_is_judged_and_used() -> None:
    """In processes of their own, which do not know the layer before they meet the saved model."""
    package = Path("src")
    shutil.copytree(ROOT / "src", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "models/layers.py").write_text(OWN_LAYER)
    network = package / "models/dense.py"
    text = network.read_text().replace("keras.layers.Flatten()", "Halved(), keras.layers.Flatten()")
    network.write_text(text.replace("from ..utils", "from .layers import Halved\nfrom ..utils"))
    image = next(Path("data/raw").rglob("*.png"))
    predict = ["modelyard", "predict", "models/tiny", str(image)]
    for command in (["src.run", "train"], ["src.run", "evaluate"], predict):
        done = subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    with zipfile.ZipFile("models/tiny/model.keras") as saved:
        assert "src.models.layers" in saved.read("config.json").decode()
