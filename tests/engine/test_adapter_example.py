"""The example in src/models/README.md is tuned, trained and judged as it stands there."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from modelyard.files import read_csv, read_json, read_yaml, write_yaml
from modelyard.serving.predict import main as predict
from modelyard.zoo.command import main as zoo
from src.run import main

from .conftest import ROOT


def blocks(language: str) -> list[str]:
    """Return the code in the README that is marked as of a language."""
    text = (ROOT / "src/models/README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.usefixtures("workspace")
def test_the_readme_s_adapter_goes_through_all_stages() -> None:
    (example,) = (code for code in blocks("python") if "AdapterModel" in code)
    (space,) = (code for code in blocks("yaml") if "objective:" in code)
    assert zoo(["add", "neighbours", "--name", "forest"]) == 0
    folder = Path("models/forest")
    (folder / "adapter.py").write_text(example)
    document = read_yaml(folder / "config.yaml")
    document["tuning"] |= {"tune": True, "max_trials": 2, **YAML(typ="safe").load(space)}
    write_yaml(folder / "config.yaml", document)
    for stage in ("tune", "train", "evaluate"):
        assert main([stage, "--config", "models/forest/config.yaml"]) == 0
    assert list(read_yaml(folder / "hyperparameters.yaml")) == ["trees"]
    assert read_json(Path("training_metrics/forest/metrics.json"))["test"]["accuracy"] > 0.9
    assert predict(["models/forest", "data/raw/stripes/images/rows_0.png"]) == 0
    (row,) = read_csv(Path("predictions.csv"))
    assert row["class"] == "rows"
