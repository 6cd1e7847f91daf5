"""One project is trained for real with `sh run.sh`; every test works on a copy of it."""

import json
import shutil
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
import stores
from github import programs
from github.api import github
from github.events import REPOSITORY
from stores import Store
from support import ProjectEnvironment, bake, files, run, shared

from pipeline.circles import adopt, write_circles
from pipeline.cloud import Cloud
from pipeline.stages import MODEL, Project, equipped

SLUG = "digit_classifier"
JSON = "application/json"
PUSHED = "pushed"  # what `dvc push` puts into a remote


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder trains: mark it slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def first_run(common: Path) -> tuple[Path, str]:
    """Bake the defaults and `sh run.sh` from elsewhere, as a user does; return it and its log."""
    folder = shared(common, "first", _first_run)
    return folder / SLUG, (folder / "log").read_text()


def _first_run(folder: Path) -> None:
    path = bake(folder)
    (folder / "log").write_text(run(folder, "sh", f"{path.name}/run.sh"))
    run(path, "git", "add", ".")
    run(path, "git", "commit", "--quiet", "--message", "First model")


@pytest.fixture(scope="session")
def quick_run(
    first_run: tuple[Path, str], project_environment: ProjectEnvironment, common: Path
) -> Path:
    """Train the same project for two epochs only, for tests that ask what runs, not how well."""

    def make(folder: Path) -> None:
        project = copied(first_run[0], folder, project_environment)
        project.replace(f"models/{MODEL}/config.yaml", "epochs: 40", "epochs: 2")
        project.repro()
        project.run("git", "commit", "--quiet", "--all", "--message", "Two epochs")

    return shared(common, "quick", make) / SLUG


@pytest.fixture(scope="session")
def circles_run(
    first_run: tuple[Path, str], project_environment: ProjectEnvironment, common: Path
) -> Path:
    """Train the project on forty small images of its own, for tests that move data about."""

    def make(folder: Path) -> None:
        _train_on_circles(copied(first_run[0], folder, project_environment))

    return shared(common, "circles", make) / SLUG


def _train_on_circles(project: Project) -> None:
    write_circles(project.path / "data/raw/circles", 40)
    adopt(project, "data/raw/circles")
    project.replace(f"models/{MODEL}/config.yaml", "min: decide", "min: 0.2")
    remote = ("dvc", "remote", "modify", "storage", "url")
    project.repro()
    project.run(*remote, str(project.path.parent / PUSHED))
    project.run("dvc", "push", "--quiet")
    project.run(*remote, "gs://bucket/dvc")
    # What the digits reached is nothing to compare circles with: begin a history of their own.
    project.run("git", "checkout", "--quiet", "--orphan", "circles")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "--message", "Circles")
    project.run("git", "branch", "--move", "--force", "main")


@pytest.fixture(scope="session")
def tools(common: Path) -> Path:
    """Return the programs of a Python as actions/setup-python leaves it, with uv fetched."""

    def make(folder: Path) -> None:
        run(folder, sys.executable, "-m", "venv", str(folder))
        run(folder, str(folder / "bin/pip"), "install", "--quiet", "uv>=0.9,<1")

    return shared(common, "tools", make) / "bin"


@pytest.fixture
def on_github(tools: Path, tmp_path: Path) -> Iterator[Callable[[Project], Cloud]]:
    """Return a function that gives a project a repository on GitHub, equal to its main branch."""
    with github(tmp_path, REPOSITORY) as fake:

        def on_github(project: Project) -> Cloud:
            origin = tmp_path / "origin.git"
            run(tmp_path, "git", "clone", "--quiet", "--bare", str(project.path), str(origin))
            run(origin, "git", "config", "uploadpack.allowAnySHA1InWant", "true")
            project.run("git", "remote", "add", "origin", str(origin))
            found = programs.install(tmp_path / "programs")
            return Cloud(project, origin, tmp_path, fake, found, tools)

        yield on_github


@pytest.fixture
def cloud(
    circles_run: Path,
    project_environment: ProjectEnvironment,
    bucket: dict[str, str],
    on_github: Callable[[Project], Cloud],
    tmp_path: Path,
) -> Cloud:
    """A repository on GitHub whose main branch is trained and pushed to a bucket."""
    project = copied(circles_run, tmp_path / "user", project_environment)
    pushed = circles_run.parent / PUSHED
    for path in files(pushed):
        name = quote(f"dvc/{path.relative_to(pushed).as_posix()}", safe="")
        where = f"/upload/storage/v1/b/bucket/o?uploadType=media&name={name}"
        ask(bucket, where, path.read_bytes(), "application/octet-stream")
    cloud = on_github(project)
    cloud.environment.update(bucket)
    return cloud


@pytest.fixture
def finished(
    first_run: tuple[Path, str], project_environment: ProjectEnvironment, tmp_path: Path
) -> Project:
    """Return a copy of the trained and committed project, to be changed at will."""
    return copied(first_run[0], tmp_path / "work", project_environment)


@pytest.fixture
def quick(quick_run: Path, project_environment: ProjectEnvironment, tmp_path: Path) -> Project:
    """Return a copy of the project after two epochs."""
    return copied(quick_run, tmp_path / "quick", project_environment)


def copied(source: Path, folder: Path, environment: ProjectEnvironment) -> Project:
    """Copy a project into a folder of its own and give it the common environment."""
    path = folder / source.name
    shutil.copytree(source, path, ignore=shutil.ignore_patterns(".venv", ".uv"))
    return equipped(path, environment)


@pytest.fixture(scope="session")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A gs:// server, started once: half a second each time."""
    with stores.gs(tmp_path_factory.mktemp("gs")) as store:
        yield store


@pytest.fixture
def bucket(google: Store) -> dict[str, str]:
    """Return the variables that lead to a gs:// server with nothing but the empty `bucket`."""
    ask(google.variables, "/wipe")
    ask(google.variables, "/storage/v1/b", json.dumps({"name": "bucket"}).encode())
    return google.variables


def ask(
    variables: Mapping[str, str], path: str, body: bytes | None = None, kind: str = JSON
) -> None:
    """Ask the server of gs:// for something; with a body, by POST."""
    address, headers = variables["STORAGE_EMULATOR_HOST"], {"Content-Type": kind}
    request = urllib.request.Request(address + path, body, headers)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        answer.read()
