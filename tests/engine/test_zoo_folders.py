"""Entries of the zoo whose adapter is a folder: all of it becomes part of the model's folder."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.checking import main as check
from modelyard.files import read_json, read_yaml, write_yaml
from modelyard.zoo.command import main
from src.run import main as stage

from .tiny import snapshot

ADAPTERS = Path("src/models/adapters")
ADAPTER = """
from pathlib import Path

from .losses import margin
from modelyard.adapter import AdapterModel

ANCHORS = Path(__file__).with_name("anchors.bin")

class Retina(AdapterModel):
    def train(self):
        self.model = margin() + len(ANCHORS.read_bytes())

    def get_metrics(self):
        return {"a": self.model}
"""
FILES = {
    "adapter.py": ADAPTER,
    "losses.py": "from nets import value\n\ndef margin():\n    return value\n",
    "nets/__init__.py": "from .deep import value\n",
    "nets/deep.py": "value = 3  # models/other/x\n",
}


@pytest.fixture(autouse=True)
def _here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the tiny project an adapter of its own in a folder."""
    for file, text in FILES.items():
        path = ADAPTERS / "retina" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (ADAPTERS / "retina/anchors.bin").write_bytes(b"\xff\xfe")
    (ADAPTERS / "retina/__pycache__").mkdir()
    (ADAPTERS / "retina/__pycache__/adapter.cpython-311.pyc").touch()
    monkeypatch.setattr("modelyard.zoo.entries.source_folder", lambda: workspace / "src")


def entry(adapter: str = "retina/") -> list[str]:
    """Write a zoo with one entry; return the option that names it."""
    space = dict.fromkeys(("accuracy_rating", "speed_rating", "memory_rating"), 5)
    one: dict[str, Any] = {"task": "image_classification", "model_space": space, "adapter": adapter}
    fixed = {"training_configs": {"depth": 3}, "objective": {"metric": "a", "direction": "max"}}
    write_yaml(Path("zoo.yaml"), {"retina": one | fixed})
    return ["--zoo", "zoo.yaml"]


def test_all_of_a_folder_becomes_the_models_and_each_stage_depends_on_it() -> None:
    assert main(["add", "retina", *entry()]) == 0
    folder = Path("models/retina")
    beside = ["anchors.bin", "losses.py", "nets/__init__.py", "nets/deep.py"]
    for file in ("adapter.py", *beside):
        assert (folder / file).read_bytes() == (ADAPTERS / "retina" / file).read_bytes()
    assert not (folder / "__pycache__").exists()
    for name, section in read_yaml(folder / "dvc.yaml")["stages"].items():
        assert {f"models/retina/{file}" for file in ("adapter.py", *beside)} <= set(
            section["deps"]
        ), name
    assert check([]) == 0
    for one in ("train", "evaluate"):
        assert stage([one, "--config", "models/retina/config.yaml"]) == 0
    assert read_json(Path("training_metrics/retina/metrics.json")) == {"test": {"a": 5.0}}


def test_a_model_like_another_has_all_that_its_adapter_needs() -> None:
    assert main(["add", "retina", *entry()]) == 0
    (Path("models/retina") / "model.pkl").touch()
    assert main(["add", "--like", "retina", "--name", "second"]) == 0
    made = {path.relative_to("models/second").as_posix() for path in snapshot_of("second")}
    assert made == {
        *FILES, "anchors.bin", "config.yaml", "dvc.yaml", "hyperparameters.yaml",
        "hparam_config_example.yaml",
    }  # fmt: skip
    assert check([]) == 0
    assert stage(["train", "--config", "models/second/config.yaml"]) == 0


def snapshot_of(model: str) -> list[Path]:
    return [path for path in Path("models", model).rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ("retinas/", "src/models/adapters has no such folder (did you mean 'retina/'?); write it"),
        (
            "retina.py",
            "src/models/adapters has no such file (did you mean 'retinanet.py'?); write it",
        ),
        ("empty/", "src/models/adapters has no such folder"),
        ("../retina/", "retina.adapter is '../retina/'"),
        ("retina/adapter.py", "retina.adapter is 'retina/adapter.py'"),
    ],
)
def test_a_folder_that_is_no_adapter_is_refused(
    adapter: str, message: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ADAPTERS / "empty").mkdir()
    zoo, before = entry(adapter), snapshot(workspace)
    assert main(["add", "retina", *zoo]) == 1
    assert message in capsys.readouterr().err
    assert {*snapshot(workspace)} == {*before}


def test_a_folder_with_a_file_that_the_entry_makes_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (ADAPTERS / "retina/config.yaml").touch()
    assert main(["add", "retina", *entry()]) == 1
    assert capsys.readouterr().err.startswith(
        "error: The entry 'retina' makes config.yaml itself, but "
    )
    assert not Path("models/retina").exists()
