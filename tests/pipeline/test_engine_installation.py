"""Where a project's engine may come from: its own vendor/, an index of the team, or a checkout."""

import os
import re
import shutil
from pathlib import Path

import pytest
import wheel
from registries.index import package_index
from support import ROOT, run
from versions import engine_of

WHERE = (
    "import modelyard, importlib.metadata as m; print(m.version('modelyard'), modelyard.__file__)"
)
SOURCE = re.compile(r"^modelyard = \{.*\}$", re.MULTILINE)  # in [tool.uv.sources]
UNSEEN = "1.0.99"  # no cache can hold it
INDEX = """
[[tool.uv.index]]
name = "team"
url = "http://{address}/simple/"
explicit = true  # for the engine only: all else comes from where it came from
"""


class Moved:
    """A project that was set up, moved elsewhere without its environment.

    Attributes:
        path: where it is now.
    """

    def __init__(self, source: Path, path: Path) -> None:
        """Copy the project, but for what lies in no commit."""
        shutil.copytree(source, path, ignore=shutil.ignore_patterns(".venv", ".uv"))
        self.path = path
        tools = f"{os.environ['PATH']}{os.pathsep}{source / '.uv/bin'}"
        self.variables = {"PATH": tools}

    def source(self, text: str, more: str = "") -> None:
        """Say in pyproject.toml where the engine comes from."""
        pyproject = self.path / "pyproject.toml"
        written, count = SOURCE.subn(text, pyproject.read_text(encoding="utf-8"))
        assert count == 1
        pyproject.write_text(written + more, encoding="utf-8")

    def set_up(self, **variables: str) -> tuple[str, Path]:
        """Run setup.sh; return the version of the engine that is installed then, and its folder."""
        run(self.path, "sh", "setup.sh", check=True, **self.variables, **variables)
        python = str(self.path / ".venv/bin/python")
        version, file = run(self.path, python, "-c", WHERE).split(maxsplit=1)
        run(self.path, python, "-m", "src.run", "check")
        assert "usage: modelyard" in run(
            self.path, str(self.path / ".venv/bin/modelyard"), "--help"
        )
        return version, Path(file.strip()).parent


@pytest.fixture(name="moved")
def _moved(first_run: tuple[Path, str], tmp_path: Path) -> Moved:
    return Moved(first_run[0], tmp_path / "elsewhere" / "project")


def test_a_project_that_moved_is_set_up_offline_from_its_lock(moved: Moved) -> None:
    lock = (moved.path / "uv.lock").read_bytes()
    _, folder = moved.set_up(UV_OFFLINE="1", UV_LOCKED="1")
    assert folder.is_relative_to(moved.path)
    assert (moved.path / "uv.lock").read_bytes() == lock


def test_an_engine_that_no_cache_holds_is_installed_offline(moved: Moved, tmp_path: Path) -> None:
    wheel.place(moved.path, engine_of(UNSEEN, tmp_path / "checkout"))
    version, folder = moved.set_up(UV_OFFLINE="1")
    assert version == UNSEEN
    assert folder.is_relative_to(moved.path)


def test_an_index_of_the_team_takes_the_place_of_vendor(moved: Moved, tmp_path: Path) -> None:
    checkout = engine_of(UNSEEN, tmp_path / "checkout")
    shutil.rmtree(moved.path / "vendor")
    with package_index(tmp_path / "index", "team", "secret") as address:
        wheel.build(tmp_path / "index/packages", checkout)
        moved.source('modelyard = { index = "team" }', INDEX.format(address=address))
        version, folder = moved.set_up()
    assert version == UNSEEN
    assert folder.is_relative_to(moved.path)
    assert f"http://{address}/simple" in (moved.path / "uv.lock").read_text()


def test_an_editable_engine_runs_from_its_checkout(moved: Moved) -> None:
    moved.source(f'modelyard = {{ path = "{ROOT.as_posix()}", editable = true }}')
    _, folder = moved.set_up()
    assert folder == ROOT / "src/modelyard"
