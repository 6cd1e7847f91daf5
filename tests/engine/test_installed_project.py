"""An installed package of a project is found by its entry point, where there is no checkout."""

import os
import subprocess
import sys
from pathlib import Path

RUN = """
from modelyard.cli import stages
from modelyard.config import Config
main = stages(__spec__, Config)
"""
ASK = "from modelyard.config.project import find_project as find; print(find() and find().module)"


def install(site: Path, name: str) -> None:
    """Lay a package and what an installer writes beside it into a folder."""
    for file, text in {
        f"{name}/__init__.py": "",
        f"{name}/run.py": RUN,
        f"{name}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{name}-1.dist-info/entry_points.txt": f"[modelyard.projects]\n{name} = {name}.run:main\n",
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
