"""What cannot be imported: one sentence with the file, the line and what to do about it."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from modelyard.command import finish
from modelyard.stores import file_system

PACKAGE = "handmade"  # the project's; `src` of the skeleton is imported already
NET = f"{PACKAGE}/models/net.py"
CASES = {
    "a misspelt package": (
        "import os\nimport kears\n",
        "line 2: there is no module 'kears' (did you mean 'keras'?); correct the name, or add its "
        "package to requirements.txt and run `sh setup.sh`.",
    ),
    "a package that nobody required": (
        "import qqqqq.zzzzz\n",
        "line 1: there is no module 'qqqqq'; correct the name, or add its package to "
        "requirements.txt and run `sh setup.sh`.",
    ),
    "a required package": (
        "import Not_here\n",
        "line 1: the package 'Not_here' is not installed in this environment ({prefix}); run "
        "`sh setup.sh`, then use .venv.",
    ),
    "a package by the name of its wheel": (
        "import Pillow\n",
        "line 1: there is no module 'Pillow'; the package Pillow is imported as PIL.",
    ),
    "a module that a package lacks": (
        "from json.nothing import x\n",
        "line 1: json has no module json.nothing; correct the name.",
    ),
    "a module of the project": (
        f"from {PACKAGE}.backbones_of_ours.attention import x\n",
        f"line 1: there is no module {PACKAGE}.backbones_of_ours; write "
        f"{PACKAGE}/backbones_of_ours.py, or correct the name.",
    ),
    "a module like another of the project": (
        f"from {PACKAGE}.utils.helpers import x\n",
        f"line 1: there is no module {PACKAGE}.utils.helpers (did you mean "
        f"'{PACKAGE}.utils.utils'?); write {PACKAGE}/utils/helpers.py, or correct the name.",
    ),
    "a misspelt module of the project": (
        "\nfrom ..utils.utilz import x\n",
        f"line 2: there is no module {PACKAGE}.utils.utilz (did you mean '{PACKAGE}.utils.utils'?)"
        f"; write {PACKAGE}/utils/utilz.py, or correct the name.",
    ),
    "a misspelt name of the project": (
        f"from {PACKAGE}.utils.utils import attension\n",
        f"line 1: there is no 'attension' in {PACKAGE}.utils.utils (did you mean 'attention'?); "
        f"correct the name, or define it in {PACKAGE}/utils/utils.py.",
    ),
    "a name that a package lacks": (
        "from modelyard.config import Confg\n",
        "line 1: there is no 'Confg' in modelyard.config (did you mean 'Config'?); correct the "
        "name.",
    ),
    "modules that import each other": (
        f"from {PACKAGE}.models.net import build\n",
        f"line 1: {PACKAGE}.models.net has no 'build' yet, because modules import each other; "
        "import it inside the function that uses it.",
    ),
    "a broken package": (
        "raise ImportError('libcuda.so.1 cannot be opened.')\n",
        "line 1: libcuda.so.1 cannot be opened.",
    ),
    "a syntax error": ("\n\ndef build(:\n    pass\n", "line 3: invalid syntax; correct it."),
    "an indentation": ("if True:\npass\n", "line 2: expected an indented block after 'if' "),
}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for folder in ("models", "utils"):
        (tmp_path / PACKAGE / folder).mkdir(parents=True)
        (tmp_path / PACKAGE / folder / "__init__.py").touch()
    (tmp_path / PACKAGE / "__init__.py").touch()
    (tmp_path / PACKAGE / "utils/utils.py").write_text("attention = 1\n")
    (tmp_path / "requirements.txt").write_text("tensorflow>=2\nnot.here[gpu]>=1,<2  # why\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.mark.parametrize("case", CASES)
def test_it_is_one_sentence(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, sentence = CASES[case]
    Path(NET).write_text(code)
    assert finish(lambda: import_module(f"{PACKAGE}.models.net") is None) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {NET}, {sentence.format(prefix=sys.prefix)}")
    assert said.count("\n") == 1


def test_what_is_imported_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path(NET).write_text(f"from {PACKAGE}.utils.utils import attention\n")
    assert finish(lambda: import_module(f"{PACKAGE}.models.net") is not None) == 0
    assert capsys.readouterr().err == ""


def test_what_the_engine_itself_needs_is_installed_by_setup_sh(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)  # as if it were not installed
    assert finish(lambda: file_system("file:///models") is None) == 1
    assert capsys.readouterr().err == (
        f"error: the package 'fsspec' is not installed in this environment ({sys.prefix}); run "
        "`sh setup.sh`, then use .venv.\n"
    )


@pytest.mark.parametrize(("status", "expected"), [(None, 0), (True, 0), (False, 1), (3, 3), (0, 0)])
def test_what_a_command_returns_is_its_status(status: int | None, expected: int) -> None:
    assert finish(lambda: status) == expected
