"""One project is trained for real with `sh run.sh`; every test works on a copy of it."""

import shutil
from pathlib import Path

import pytest
from support import ProjectEnvironment, bake, run

from pipeline.stages import Project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder trains: mark it slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Bake the defaults and `sh run.sh` from elsewhere, as a user does; return it and its log."""
    folder = tmp_path_factory.mktemp("first")
    path = bake(folder)
    log = run(folder, "sh", f"{path.name}/run.sh")
    run(path, "git", "add", ".")
    run(path, "git", "commit", "--quiet", "--message", "First model")
    return path, log


@pytest.fixture
def finished(
    first_run: tuple[Path, str], project_environment: ProjectEnvironment, tmp_path: Path
) -> Project:
    """Return a copy of the trained and committed project, to be changed at will."""
    path = tmp_path / "work" / first_run[0].name
    shutil.copytree(first_run[0], path, ignore=shutil.ignore_patterns(".venv", ".uv"))
    storage = first_run[0].parent / f"{path.name}_dvc_storage"
    if storage.exists():
        shutil.copytree(storage, path.parent / storage.name)
    (path / ".venv").symlink_to(project_environment.folder)
    (path / ".venv/.set-up").touch()  # newer than the requirements: run.sh installs nothing
    return Project(path, project_environment)
