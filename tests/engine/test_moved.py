"""Modules of version 0.1 answer by their old names, with a warning that names today's."""

import os
import pickle
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from modelyard.__main__ import COMMANDS
from modelyard.moved import COMMANDS as OF_CI
from modelyard.moved import SOURCE

from .conftest import ROOT, Run
from .tiny import METRICS, MODEL

OLD_ADAPTER = '''
import src.utils.utils
from src.adapter import AdapterModel


class Mean:
    """A model of its own class, which a pickle names by its module."""

    value = 0.25


class Own(AdapterModel):
    def train(self):
        self.model = Mean()

    def get_metrics(self):
        return {"val_loss": self.model.value}
'''


@pytest.mark.parametrize(("old", "command"), [("src.predict", "predict"), ("src.zoo", "zoo"),
                                              ("ci.acceptance", "acceptance"),
                                              ("ci.launch_runner", "cloud launch")])  # fmt: skip
def test_a_command_answers_by_its_old_name(old: str, command: str, python: Run) -> None:
    done = python("-m", old, "--help")
    assert done.returncode == 0
    assert done.stderr == f"warning: python -m {old} is now `modelyard {command}`.\n"
    assert done.stdout.startswith(f"usage: modelyard {command} ")


def test_its_options_and_its_status_are_passed_on(python: Run) -> None:
    done = python("-m", "src.predict", "models/nothing", "nowhere.png")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert python("-m", "ci.acceptance", "--no-such-option").returncode == 2


@pytest.mark.parametrize(("names", "name"), [(o, n) for o in (SOURCE, OF_CI) for n in o])
def test_what_an_old_name_stands_for_is_there(
    names: dict[str, tuple[str, str | None]], name: str
) -> None:
    module, command = names[name]
    assert isinstance(import_module(module), ModuleType)
    if command:
        known = COMMANDS[command.removeprefix("modelyard ")]
        assert known[0] == module


def test_an_import_gives_todays_names_with_a_warning(python: Run) -> None:
    code = (
        "from src.adapter import AdapterModel; from modelyard import adapter; "
        "print(AdapterModel is adapter.AdapterModel)"
    )
    done = python("-c", code)
    assert done.stdout == "True\n"
    assert done.stderr == (
        "warning: src.adapter is now modelyard.adapter; write that in your imports.\n"
    )


def test_what_never_was_is_not_found(python: Run) -> None:
    for name in ("src.nothing", "ci.nothing"):
        done = python("-m", name)
        assert done.returncode == 1
        assert f"No module named {name}" in done.stderr


def test_a_file_of_the_projects_own_comes_first(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src")
    (tmp_path / "src/adapter.py").write_text("mine = True\n")
    code = "from src.adapter import mine; print(mine)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.usefixtures("workspace")
def test_an_old_adapter_trains_and_its_old_pickle_is_judged(python: Run) -> None:
    (MODEL / "adapter.py").write_text(OLD_ADAPTER)
    done = python("-m", "src.run", "train")
    assert done.returncode == 0, done.stderr
    assert "warning: src.adapter is now modelyard.adapter" in done.stderr
    assert b"src.tiny_adapter" in (MODEL / "model.pkl").read_bytes()
    (MODEL / "model.pkl").write_bytes(old_pickle())
    done = python("-m", "src.run", "evaluate")
    assert done.returncode == 0, done.stderr
    assert '"val_loss": 0.75' in (METRICS / "metrics.json").read_text()


def old_pickle() -> bytes:
    """Return a model as version 0.1 pickled it."""
    module = ModuleType("src.tiny_adapter")
    kind = type("Mean", (), {"__module__": module.__name__})
    module.__dict__["Mean"] = kind
    model = kind()
    model.__dict__["value"] = 0.75
    sys.modules[module.__name__] = module
    try:
        return pickle.dumps(model)
    finally:
        del sys.modules[module.__name__]
