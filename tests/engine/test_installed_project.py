"""An installed package of a project is found by its entry point, where there is no checkout."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from modelyard.config import project

RUN = """
from modelyard.cli import stages
from modelyard.config import Config
main = stages(__spec__, Config)
"""
ENTRY_POINTS = """
[modelyard.projects]
{name} = {name}.run:main
[console_scripts]
{name}-run = {name}.run:main
{name}-predict = modelyard.serving.predict:main
{name}-serve = modelyard.serving.serve:main
"""
ASK = "from modelyard.config.project import find_project as find; print(find() and find().module)"


def install(site: Path, name: str) -> None:
    """Lay a package and what an installer writes beside it into a folder."""
    for file, text in {
        f"{name}/__init__.py": "",
        f"{name}/run.py": RUN,
        f"{name}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{name}-1.dist-info/entry_points.txt": ENTRY_POINTS.format(name=name),
    }.items():
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text(text, encoding="utf-8")


def found(site: Path, folder: Path, command: str = "modelyard") -> str:
    """Return the module of the project that a command finds in a folder."""
    program = f"import sys; sys.argv[0] = {command!r}; {ASK}"
    environment = os.environ | {"PYTHONPATH": str(site)}
    run = [sys.executable, "-c", program]
    return subprocess.run(
        run, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_one_that_is_installed_is_found(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    assert found(tmp_path / "site", tmp_path) == "None"
    install(tmp_path / "site", "leaf")
    assert found(tmp_path / "site", tmp_path) == "leaf.run"


def test_of_several_the_command_says_which(tmp_path: Path) -> None:
    for name in ("leaf", "digits"):
        install(tmp_path / "site", name)
    assert found(tmp_path / "site", tmp_path, "digits-predict") == "digits.run"
    assert found(tmp_path / "site", tmp_path) == "None"


def test_a_checkout_comes_first(tmp_path: Path) -> None:
    install(tmp_path / "site", "leaf")
    install(tmp_path, "src")
    assert found(tmp_path / "site", tmp_path) == "src.run"


def test_a_command_of_a_package_runs_its_code_also_in_a_checkout(tmp_path: Path) -> None:
    install(tmp_path / "site", "leaf")
    install(tmp_path, "src")
    assert found(tmp_path / "site", tmp_path, "/usr/bin/leaf-predict") == "leaf.run"


@pytest.fixture(name="leaf")
def _leaf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package; what it hands over is forgotten after the test."""
    install(tmp_path, "leaf")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(project, "_handed_over", list(project._handed_over))
    yield
    for name in ("leaf", "leaf.run"):
        sys.modules.pop(name, None)


CALLED = {  # the module that runs, and what it should call itself, by what was called
    "/usr/bin/leaf-predict": ("modelyard.serving.predict", "leaf-predict"),
    "/usr/bin/leaf-serve": ("modelyard.serving.serve", "leaf-serve"),
    "/usr/bin/leaf-run": ("leaf.run", "leaf-run"),
    "modelyard predict": ("modelyard.serving.predict", "modelyard predict"),
    "/lib/modelyard/serving/serve.py": ("modelyard.serving.serve", "modelyard serve"),
    "/home/leaf/src/run.py": ("src.run", "python -m src.run"),
    "/usr/bin/pytest": ("leaf.run", "python -m leaf.run"),  # a command, but of another module
}


@pytest.mark.usefixtures("leaf")
@pytest.mark.parametrize("called", CALLED)
def test_help_and_errors_name_the_command_that_was_called(
    called: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, shown = CALLED[called]
    monkeypatch.setattr(sys, "argv", [called])
    main = import_module(module).main
    for arguments, stream in ((["--help"], "out"), (["--unknown"], "err")):
        with pytest.raises(SystemExit):
            main(arguments)
        said = getattr(capsys.readouterr(), stream)
        assert said.startswith(f"usage: {shown} ")
        assert said.count("modelyard") == shown.count("modelyard") * (1 + (stream == "err"))
