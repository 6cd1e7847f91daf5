"""The wheel: what is in it, and that nothing but the commit decides its bytes."""

import json
import os
import re
import zipfile
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.files import sha256
from modelyard.pipeline import identity, provenance
from modelyard.publishing.packages.build import Build, build

from .conftest import ROOT
from .packaged import FILES, NAME, PYPROJECT, VERSION, WHEEL, commit, git, umask, write
from .packaged import write_package as write_package_into
from .tiny import TINY

OFFICIAL = ("official_models/tiny/README.md", "official_models/tiny/config.yaml")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a committed project; it is the working directory."""
    root = tmp_path / "project"
    write_package_into(root)
    monkeypatch.chdir(root)
    return root


def members(built: Build) -> dict[str, bytes]:
    with zipfile.ZipFile(built.wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def refused() -> str:
    with pytest.raises(UserError) as caught:
        build()
    return str(caught.value)


def test_the_same_commit_gives_the_same_bytes_on_any_machine(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = build()
    clone = package.parent / "clone"
    git(package, "clone", "--quiet", str(package), str(clone))
    git(clone, "config", "core.autocrlf", "true")
    for path in clone.rglob("*.py"):
        os.utime(path, (1, 1))
    monkeypatch.chdir(clone)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    monkeypatch.setenv("HOME", str(package.parent))
    write(package.parent, ".pydistutils.cfg", "[bdist_wheel]\npython_tag = py2\n")
    with umask(0o077):
        there = build()
    assert there.wheel.name == here.wheel.name == WHEEL
    assert there.sha256 == here.sha256 == sha256(package / here.wheel)
    assert (package / "dist/package.json").read_bytes() == Path("dist/package.json").read_bytes()


def test_the_wheel_holds_the_code_of_the_commit_and_nothing_that_git_ignores(package: Path) -> None:
    write(package, "src/ignored.py", "token = 1\n")
    for name in OFFICIAL:
        write(package, name, f"what describes {name}\n")
    commit(package)
    found = members(build())
    code = {name for name in found if not name.startswith("tiny_models-1.2.0.dist-info/")}
    own = ("package.json", "__init__.py", "run.py", "data/__init__.py", "project/config.yaml")
    assert code == {f"tiny_models/{name}" for name in own} | {
        f"tiny_models/project/{name}" for name in OFFICIAL
    }
    assert found["tiny_models/run.py"].decode() == FILES["src/run.py"]


def test_every_file_in_the_wheel_is_as_old_as_the_commit(package: Path) -> None:
    with zipfile.ZipFile(build().wheel) as file:
        (date,) = {entry.date_time for entry in file.infolist()}
    made_at = int(git(package, "log", "-1", "--format=%ct"))
    assert abs(datetime(*date, tzinfo=UTC).timestamp() - made_at) < 2  # what zip can tell


def test_package_json_says_what_was_built_and_from_what(package: Path) -> None:
    built = build()
    about = json.loads(Path("dist/package.json").read_text())
    assert about == {
        "name": NAME,
        "version": VERSION,
        "commit": git(package, "rev-parse", "HEAD"),
        "entry_points": {"tiny-models-run": "tiny_models.run:main"},
        "hyperparameters": {
            "tiny": {
                name: entry["default_value"]
                for name, entry in TINY["tuning"]["hyperparams"].items()
            }
        },
        "wheel": WHEEL,
        "sha256": sha256(built.wheel),
    }
    inside = json.loads(members(built)["tiny_models/package.json"])
    assert inside == {key: about[key] for key in about if key not in ("wheel", "sha256")}


def test_an_installed_package_knows_the_commit_it_was_built_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package.json").write_text('{"commit": "c0ffee"}')
    monkeypatch.setattr(identity, "source_folder", lambda: tmp_path)
    assert provenance.git_commit() == "c0ffee"


def test_a_project_may_be_a_folder_of_a_larger_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package_into(tmp_path / "all/models")
    git(tmp_path / "all", "init", "--quiet")
    (tmp_path / "all/models/.git").rename(tmp_path / "elsewhere")
    commit(tmp_path / "all")
    write(tmp_path, "all/notes", "not of this project")
    monkeypatch.chdir(tmp_path / "all/models")
    assert "tiny_models/run.py" in members(build())


def test_changes_that_are_not_committed_are_refused_by_name(package: Path) -> None:
    write(package, "src/run.py", "changed\n")
    write(package, "src/näw.py", "forgotten\n")
    found = refused()
    assert "without what changed since: src/run.py, src/näw.py; commit it" in found
    assert not Path("dist").exists()


def test_without_git_or_a_commit_there_is_nothing_to_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "no commit to build the package from (fatal: not a git repository" in refused()
    git(tmp_path, "init", "--quiet")
    assert "no commit to build the package from: `git add . && git commit`" in refused()
    monkeypatch.setenv("PATH", "")
    assert "git is not installed" in refused()


@pytest.mark.parametrize("version", ["1.2", "1.2.0rc1", "1.2.0-rc.1", "v1.2.0", "01.2.0", ""])
def test_a_version_that_is_not_three_numbers_is_refused(package: Path, version: str) -> None:
    write(package, "pyproject.toml", PYPROJECT.replace(VERSION, version))
    commit(package)
    assert f"pyproject.toml: project.version is {version!r}; write MAJOR.MINOR.PATCH" in refused()


@pytest.mark.parametrize(
    ("old", "lacking"),
    [
        (', "tiny_models.project"]', "config.yaml"),
        (', "official_models/**"', "official_models/tiny/README.md"),
    ],
)
def test_a_wheel_without_the_official_models_is_built_with_a_warning(
    package: Path, old: str, lacking: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in OFFICIAL:
        write(package, name, "described")
    write(package, "pyproject.toml", PYPROJECT.replace(old, "]" if "]" in old else ""))
    commit(package)
    build()
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith(f"warning: pyproject.toml: the wheel is without {lacking}, so that who")
    assert 'package-data "tiny_models.project" = ["config.yaml", "official_models/**"].' in said


MISTAKES = {
    "no TOML": ("[project]", "[project", "pyproject.toml is not valid TOML"),
    "no version": ('version = "1.2.0"', "", "pyproject.toml lacks the key 'version'"),
    "no code": ('tiny_models = "src"', 'tiny_models = "lib"', 'package-dir names no "src"'),
    "a module that is left out": (
        ', "tiny_models.data"',
        "",
        "tool.setuptools.packages lacks tiny_models.data; the wheel would be without "
        "tiny_models/data/__init__.py.",
    ),
    "another backend": (
        "setuptools==",
        "setuptools==1",
        "which this environment (",
    ),
    "what the backend refuses": (
        'scripts = { tiny-models-run = "tiny_models.run:main" }',
        'readme = "missing.md"',
        "pyproject.toml: the wheel cannot be built: ",
    ),
    "another type": (
        'scripts = { tiny-models-run = "tiny_models.run:main" }',
        "scripts = 5",
        "project.scripts and tool.setuptools.package-dir must be tables.",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_pyproject_is_named(package: Path, case: str) -> None:
    old, new, message = MISTAKES[case]
    assert old in PYPROJECT
    write(package, "pyproject.toml", PYPROJECT.replace(old, new))
    commit(package)
    assert message in refused()
    assert not Path("dist").exists()


def test_the_backend_is_pinned_and_the_environment_has_the_same() -> None:
    pins = re.findall(r'"setuptools([=<>~].*?)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert pins == [f"=={installed('setuptools')}"] * 2
