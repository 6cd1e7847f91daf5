"""After `modelyard adopt` everything is green, or says which number to decide."""

from pathlib import Path

import pytest
from support import ProjectEnvironment

from pipeline.conftest import copied
from pipeline.stages import MODEL, Project


@pytest.fixture
def adopted(circles_run: Path, project_environment: ProjectEnvironment, tmp_path: Path) -> Project:
    """A copy of the project that adopted circles and trained on them, its limits undecided."""
    project = copied(circles_run, tmp_path, project_environment)
    project.replace(f"models/{MODEL}/config.yaml", "min: 0.2", "min: decide")
    return project


def test_the_gate_and_the_model_tests_show_what_was_measured_beside_what_is_to_be_decided(
    adopted: Project,
) -> None:
    accuracy = adopted.metrics()["test"]["accuracy"]
    said = adopted.run("modelyard", "acceptance")
    assert f"??  test.accuracy: {accuracy:.6g}" in said
    assert f"decide `min` in models/{MODEL}/config.yaml: acceptance" in said
    assert adopted.repro() == set()
    said = adopted.run("python", "-m", "ci.run_tests", "--quick")
    assert "QuickTraining@local: passed" in said
    assert "min to be decided" in said


def test_the_tests_of_the_project_hold_whatever_its_data_looks_like(adopted: Project) -> None:
    said = adopted.run("pytest", "-q", "-k", "misspelt or every_split or all_stages")
    assert "3 passed" in said
