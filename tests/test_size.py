"""A bake stays small enough to be read in twenty minutes."""

from pathlib import Path

import pytest
from answers import TASKS
from support import bake, files, texts

FILES, LINES, PYTHON, README, WORKFLOWS = 60, 2500, 600, 130, 630


@pytest.fixture(scope="module", params=TASKS)
def baked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default answers' project of each task; lock files and results are not there yet."""
    return bake(tmp_path_factory.mktemp("size"), task=request.param)


def lines(project: Path, pattern: str = "*") -> int:
    """Return how many lines of text the files have that match a pattern."""
    return sum(len(text.splitlines()) for path, text in texts(project) if path.match(pattern))


def test_a_bake_has_few_files(baked: Path) -> None:
    assert len(list(files(baked))) <= FILES


def test_a_bake_has_few_lines(baked: Path) -> None:
    assert lines(baked) <= LINES
    assert lines(baked, "*.py") <= PYTHON


def test_what_is_read_first_is_short(baked: Path) -> None:
    assert lines(baked, "README.md") - lines(baked, "src/*/README.md") <= README
    assert lines(baked, ".github/workflows/*") <= WORKFLOWS
