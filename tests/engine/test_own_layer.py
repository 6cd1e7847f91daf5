"""A network may have layers of the project's own: whatever loads it knows them."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import pytest

from modelyard.files import read_yaml
from modelyard.serving.predict import main as predict
from src.run import main

from .conftest import ROOT
from .own_module import NETWORK, own_modules, write_network
from .tiny import MODEL

__all__ = ["own_modules"]

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
    predicts = ["modelyard", "predict", "models/tiny", str(image)]
    for command in (["src.run", "train"], ["src.run", "evaluate"], predicts):
        done = subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    with zipfile.ZipFile("models/tiny/model.keras") as saved:
        assert "src.models.layers" in saved.read("config.json").decode()


REGISTERED = """
@registered("ours")
class Halved(layers.Layer):
    def call(self, values):
        return values / 2
"""


@pytest.mark.usefixtures("own_modules")
def test_without_its_module_a_saved_model_says_which_is_missing_and_where_it_was_trained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    layer = 'layers.Dense(hyperparameters["hidden_units"], activation="relu")'
    text = REGISTERED + NETWORK.replace(layer, "Halved()")
    assert main(["train", "params.epochs=1", write_network(text)]) == 0
    assert read_yaml(MODEL / "predict_configuration.yaml")["module"] == "src.models.mine"
    Path("src/models/mine.py").rename("elsewhere.py")
    del sys.modules["src.models.mine"]
    del keras.saving.get_custom_objects()["ours>Halved"]
    capsys.readouterr()
    image = str(next(Path("data/raw").rglob("*.png")))
    assert predict(["models/tiny", image]) == 1
    said = capsys.readouterr().err
    assert f"{MODEL / 'model.keras'} needs Halved of src.models.mine, which is not here" in said
    assert f"it was trained in {Path.cwd().name}: bring src/models/mine.py from there" in said
    assert "train it again" not in said
