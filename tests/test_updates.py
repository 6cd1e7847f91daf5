"""cruft makes what cookiecutter makes, and updates it under a user's edits, engine included."""

import json
import sys
from pathlib import Path

import pytest
import wheel
from pipeline.stages import Project
from support import Bake, ProjectEnvironment, copy_template, files, run
from versions import VERSION, write_previous

CRUFT = str(Path(sys.executable).parent / "cruft")
SETTINGS = "models/digits_classifier/config.yaml"
ENGINE = f"modelyard-{VERSION}-py3-none-any.whl"


def commit(folder: Path, message: str) -> None:
    """Commit everything in a folder, a Git repository from then on."""
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", message)


def contents(project: Path) -> dict[str, bytes]:
    """Return every file's bytes but for cruft's own record."""
    found = {path.relative_to(project).as_posix(): path.read_bytes() for path in files(project)}
    found.pop(".cruft.json", None)
    return found


def engines(project: Path) -> list[str]:
    return [path.name for path in (project / "vendor").iterdir()]


@pytest.fixture(name="template")
def _template(tmp_path: Path) -> Path:
    """A repository with two versions: the tags `previous`, and `this` for today's files."""
    folder, kept = tmp_path / "template", tmp_path / "git"
    write_previous(folder, tmp_path / "scratch")
    commit(folder, "Previous version")
    run(folder, "git", "tag", "previous")
    (folder / ".git").rename(kept)
    today = copy_template(tmp_path / "today")
    kept.rename(today / ".git")
    commit(today, "This version")
    run(today, "git", "tag", "this")
    return today


def create(template: Path, version: str, folder: Path) -> Path:
    """Create a project with cruft from one version of the template."""
    folder.mkdir()
    run(folder, CRUFT, "create", "--no-input", "--checkout", version, str(template))
    return folder / "digit_classifier"


@pytest.fixture(name="edited")
def _edited(template: Path, tmp_path: Path) -> Path:
    """A project of the previous version that its user has edited."""
    project = create(template, "previous", tmp_path / "created")
    settings = project / SETTINGS
    text = settings.read_text(encoding="utf-8")
    assert "patience: 8" in text
    settings.write_text(text.replace("patience: 8", "patience: 3"), encoding="utf-8")
    (project / "src/data/mine.py").write_text('"""The user\'s own."""\n')
    commit(project, "Made with cruft, edited by its user")
    return project


@pytest.fixture(name="updated")
def _updated(edited: Path) -> Path:
    """The same project, updated to this version."""
    assert engines(edited) != [ENGINE]
    run(edited, CRUFT, "update", "--skip-apply-ask", "--checkout", "this")
    return edited


def test_cruft_creates_what_cookiecutter_bakes(template: Path, tmp_path: Path, bake: Bake) -> None:
    created = create(template, "this", tmp_path / "created")
    assert contents(created) == contents(bake())
    assert engines(created) == [ENGINE]


def test_an_update_brings_the_new_version_and_keeps_the_users_edits(
    updated: Path, bake: Bake
) -> None:
    expected = contents(bake())
    assert b"patience: 8" in expected[SETTINGS]
    expected[SETTINGS] = expected[SETTINGS].replace(b"patience: 8", b"patience: 3")
    expected["src/data/mine.py"] = b'"""The user\'s own."""\n'
    assert contents(updated) == expected
    record = json.loads((updated / ".cruft.json").read_text(encoding="utf-8"))
    assert record["checkout"] == "this"


def test_an_update_replaces_the_engine_and_the_line_that_names_it(updated: Path) -> None:
    assert engines(updated) == [ENGINE]
    text = (updated / "pyproject.toml").read_text(encoding="utf-8")
    assert wheel.NAMED.findall(text) == [f"vendor/{ENGINE}"]


def test_an_up_to_date_project_differs_in_nothing(template: Path, tmp_path: Path) -> None:
    project = create(template, "this", tmp_path / "created")
    commit(project, "Made with cruft")
    assert run(project, CRUFT, "diff", "--exit-code").strip() == ""
    run(project, CRUFT, "check", "--checkout", "this")


@pytest.mark.slow
def test_an_updated_project_passes_its_tests(
    updated: Path, project_environment: ProjectEnvironment
) -> None:
    assert " passed" in project_environment.run(updated, "python", "-m", "pytest", "-q")


@pytest.mark.slow
def test_the_new_engine_runs_the_previous_skeleton(
    edited: Path, project_environment: ProjectEnvironment
) -> None:
    wheel.place(edited)  # what a user does who wants the engine alone
    assert engines(edited) == [ENGINE]
    project = Project(edited, project_environment)
    project.run("python", "-m", "src.run", "check")
    project.replace(SETTINGS, "epochs: 40", "epochs: 2")
    assert {"prepare", "tune", "train", "evaluate", "summary"} <= project.repro()
    assert project.metrics()["test"]["accuracy"] > 0.5
    assert project.repro() == set()
