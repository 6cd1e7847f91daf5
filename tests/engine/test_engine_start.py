"""What is refused, or set right, before anything runs: backend, skeleton, `results`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard import RESULTS, SKELETON
from modelyard.checking import main as check
from src.run import main

from .conftest import ROOT
from .tiny import MODEL

PYPROJECT = Path("pyproject.toml")


def python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KERAS")}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("workspace")
def test_another_backend_by_variable_is_refused_in_one_sentence() -> None:
    done = python("-m", "src.run", "train", KERAS_BACKEND="torch")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: The environment variable KERAS_BACKEND is 'torch', but the stages train with "
        "TensorFlow, which alone exports TFLite; unset it, or set it to tensorflow.\n"
    )
    assert not (MODEL / "model.keras").exists()


@pytest.mark.usefixtures("workspace")
def test_a_stage_without_tensorflow_does_not_care_about_the_backend() -> None:
    assert python("-m", "src.run", "tune", KERAS_BACKEND="torch").returncode == 0


def test_whatever_imports_the_engine_first_gets_keras_on_tensorflow() -> None:
    ask = "import os; os.environ.pop('KERAS_BACKEND', 0); import {}; print(os.environ.get({!r}))"
    assert python("-c", ask.format("modelyard", "KERAS_BACKEND")).stdout == "tensorflow\n"
    assert python("-c", ask.format("src", "KERAS_BACKEND")).stdout == "tensorflow\n"


def test_checking_and_launching_need_the_core_alone() -> None:
    """So a workflow names a mistake without the gigabytes that training needs."""
    others = ("keras", "numpy", "PIL", "rich", "sklearn", "tensorflow")
    block = f"import sys; sys.modules.update(dict.fromkeys({others}))"
    modules = (
        "modelyard.__main__, modelyard.checking, modelyard.cli, modelyard.cloud.launching.command"
    )
    done = python("-c", f"{block}; import {modules}, modelyard.cloud.choose_model, src.run")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("variable", [{}, {"KERAS_BACKEND": ""}, {"KERAS_BACKEND": "tensorflow"}])
def test_another_backend_by_file_is_overruled(variable: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    code = (
        "from pathlib import Path; from modelyard.startup import import_tensorflow; "
        "import_tensorflow(Path()); import keras; print(keras.backend.backend())"
    )
    done = python("-c", code, KERAS_HOME=str(tmp_path), **variable)
    assert (done.returncode, done.stdout) == (0, "tensorflow\n"), done.stderr


MISTAKES = {
    f"skeleton = {SKELETON + 1}": (
        f"error: pyproject.toml: tool.modelyard.skeleton is {SKELETON + 1}, but the installed "
    ),
    'skeleton = "1"': "error: pyproject.toml: tool.modelyard.skeleton is '1', but the installed ",
    'results = "x"': (f"error: pyproject.toml: tool.modelyard.results is 'x'; write {RESULTS}."),
    "results = true": "error: pyproject.toml: tool.modelyard.results is True; write ",
    "results = 1.5": "error: pyproject.toml: tool.modelyard.results is 1.5; write ",
    "results = ": "error: pyproject.toml is not valid TOML: ",
}


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("line", MISTAKES)
@pytest.mark.parametrize("command", ["check", "prepare", "train", "modelyard check"])
def test_a_skeleton_that_does_not_fit_is_refused_in_one_sentence(
    line: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    PYPROJECT.write_text(f"[tool.modelyard]\n{line}\n")
    status = check([]) if command == "modelyard check" else main([command])
    said = capsys.readouterr().err
    assert status == 1
    assert said.startswith(MISTAKES[line])
    assert said.count("\n") == 1
    if "skeleton" in line:
        assert f"works with skeletons of version {SKELETON}; bring the project up to date" in said
        assert "`uvx cruft update`" in said
        assert "`sh setup.sh`" in said


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "text",
    ["", "[tool.modelyard]\n", f"[tool.modelyard]\nskeleton = {SKELETON}\nresults = 7\n"],
)
def test_one_that_fits_or_does_not_say_is_accepted(text: str) -> None:
    PYPROJECT.write_text(text)
    assert (main(["check"]), check([])) == (0, 0)


def test_the_skeleton_of_this_repository_fits() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert f"\nskeleton = {SKELETON}  #" in text
    assert "results" not in text.partition("[tool.modelyard]")[2].partition("[tool.uv")[0]
    assert f"\n    results={RESULTS},  #" in (ROOT / "src/run.py").read_text()
