"""A bake passes its own style and type checks, and its own tests."""

import sys
from pathlib import Path

import pytest
from answers import LONGEST, Answers
from support import Bake, ProjectEnvironment, run

RUFF = str(Path(sys.executable).parent / "ruff")


@pytest.mark.parametrize("answers", [{}, LONGEST], ids=["defaults", "longest names"])
def test_a_bake_passes_ruff(bake: Bake, answers: Answers) -> None:
    project = bake(**answers)
    run(project, RUFF, "check", "--no-cache", ".")
    run(project, RUFF, "format", "--no-cache", "--check", ".")


@pytest.mark.slow
def test_a_bake_passes_mypy(bake: Bake, project_environment: ProjectEnvironment) -> None:
    project_environment.run(bake(), "mypy")


@pytest.mark.slow
def test_a_bake_passes_its_tests(bake: Bake, project_environment: ProjectEnvironment) -> None:
    project_environment.run(bake(), "python", "-m", "pytest", "-q")
