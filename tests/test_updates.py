"""cruft makes what cookiecutter makes, and updates it under a user's edits."""

import json
import sys
from pathlib import Path

import pytest
from support import TEMPLATE, Bake, ProjectEnvironment, copy_template, files, run

CRUFT = str(Path(sys.executable).parent / "cruft")
OLD_LINE = "# A line of the previous version.\n"
ADDED = "src/models/dense.py"  # what the previous version lacks, in the tests below
EDITED = ("configuration", "stages")  # tests of what the user's edits touch


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


@pytest.fixture(name="template")
def _template(tmp_path: Path) -> Path:
    """A repository with two versions: v1 lacks a module and has an old line, v2 is today's."""
    folder = copy_template(tmp_path / "template")
    inside = folder / TEMPLATE.name
    configuration = inside / "config.yaml"
    today = {
        configuration: configuration.read_bytes(),
        inside / ADDED: (inside / ADDED).read_bytes(),
    }
    configuration.write_text(OLD_LINE + configuration.read_text(encoding="utf-8"), encoding="utf-8")
    (inside / ADDED).unlink()
    commit(folder, "Previous version")
    run(folder, "git", "tag", "v1")
    for path, content in today.items():
        path.write_bytes(content)
    commit(folder, "This version")
    run(folder, "git", "tag", "v2")
    return folder


def create(template: Path, version: str, folder: Path) -> Path:
    """Create a project with cruft from one version of the template."""
    folder.mkdir()
    run(folder, CRUFT, "create", "--no-input", "--checkout", version, str(template))
    return folder / "digit_classifier"


@pytest.fixture(name="updated")
def _updated(template: Path, tmp_path: Path) -> Path:
    """A project of v1 that its user has edited, updated to v2."""
    project = create(template, "v1", tmp_path / "created")
    assert (project / "config.yaml").read_text(encoding="utf-8").startswith(OLD_LINE)
    settings = project / "models/digits_classifier/config.yaml"
    edited = settings.read_text(encoding="utf-8").replace("patience: 8", "patience: 3")
    settings.write_text(edited, encoding="utf-8")
    (project / "src/data/mine.py").write_text('"""The user\'s own."""\n')
    commit(project, "Made with cruft, edited by its user")
    run(project, CRUFT, "update", "--skip-apply-ask", "--checkout", "v2")
    return project


def test_cruft_creates_what_cookiecutter_bakes(template: Path, tmp_path: Path, bake: Bake) -> None:
    assert contents(create(template, "v2", tmp_path / "created")) == contents(bake())


def test_an_update_brings_the_new_version_and_keeps_the_users_edits(
    updated: Path, bake: Bake
) -> None:
    expected = contents(bake())
    settings = "models/digits_classifier/config.yaml"
    assert b"patience: 8" in expected[settings]
    expected[settings] = expected[settings].replace(b"patience: 8", b"patience: 3")
    expected["src/data/mine.py"] = b'"""The user\'s own."""\n'
    assert contents(updated) == expected
    record = json.loads((updated / ".cruft.json").read_text(encoding="utf-8"))
    assert record["checkout"] == "v2"


def test_an_up_to_date_project_differs_in_nothing(template: Path, tmp_path: Path) -> None:
    project = create(template, "v2", tmp_path / "created")
    commit(project, "Made with cruft")
    assert run(project, CRUFT, "diff", "--exit-code").strip() == ""
    run(project, CRUFT, "check", "--checkout", "v2")


@pytest.mark.slow
def test_an_updated_project_passes_its_tests(
    updated: Path, project_environment: ProjectEnvironment
) -> None:
    # It is a new bake but for the user's edits (above), and all tests pass in one (test_first_run).
    # What every stage loads is nothing that its user edited.
    options = ("-q", "-k", "not every_module", *(f"tests/test_{name}.py" for name in EDITED))
    assert " passed" in project_environment.run(updated, "python", "-m", "pytest", *options)
