"""The engine's wheel: always the same bytes, never stale, usable before any installation."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import wheel
from support import ROOT, TEMPLATE, copy_files, files, run
from versions import ENGINE, VERSION

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAME = f"modelyard-{VERSION}-py3-none-any.whl"
# What runs before an environment exists: on a runner, or where only the wheel was downloaded.
BEFORE_ANYTHING = (
    "", "release", "cloud install-cml", "cloud launch", "cloud cleanup", "cloud reap",
    "cloud comment",
)  # fmt: skip


@pytest.fixture(name="sources", scope="module")
def _sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the wheel is made of; others may change the checkout meanwhile."""
    return copy_files(tmp_path_factory.mktemp("sources"), *ENGINE)


@pytest.fixture(name="built", scope="module")
def _built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel.build(tmp_path_factory.mktemp("built"), sources)


def test_building_again_gives_the_same_bytes(built: Path, sources: Path, tmp_path: Path) -> None:
    assert wheel.build(tmp_path, sources).read_bytes() == built.read_bytes()


def test_another_folder_umask_and_time_and_caches_give_the_same_bytes(
    built: Path, sources: Path, tmp_path: Path
) -> None:
    other = tmp_path / "another folder"
    before = os.umask(0o077)
    try:
        shutil.copytree(sources, other, copy_function=shutil.copy)
        for path in files(other):
            os.utime(path, (1e9, 1e9))
            path.chmod(0o600)
        (other / "src/modelyard/__pycache__").mkdir()
        (other / "src/modelyard/__pycache__/errors.cpython-311.pyc").touch()
        assert wheel.build(tmp_path / "wheel", other).read_bytes() == built.read_bytes()
    finally:
        os.umask(before)


def _python(version: str) -> str | None:
    """Return a Python that really is of this version: a shim of pyenv may only say so."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [*map(str, kept.glob(f"{version}.*/bin/python3")), shutil.which(f"python{version}")]
    return next((one for one in found if one and _says(one) == version), None)


def _says(program: str) -> str:
    command = [program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_another_python_gives_the_same_bytes(
    built: Path, sources: Path, tmp_path: Path, version: str
) -> None:
    if (python := _python(version)) is None:
        pytest.skip(f"Python {version} is not here; ci.yaml builds with it, too")
    import hatchling

    packages = str(Path(hatchling.__file__).parents[1])  # what it needs is plain Python, too
    script = str(sources / "scripts/wheel.py")
    run(tmp_path, python, script, str(tmp_path), PYTHONPATH=packages)
    assert (tmp_path / NAME).read_bytes() == built.read_bytes()


def test_the_sdist_builds_the_same_wheel_and_holds_the_pages(
    built: Path, sources: Path, tmp_path: Path
) -> None:
    with tarfile.open(wheel.build_sdist(tmp_path, sources)) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / f"modelyard-{VERSION}"
    assert wheel.build(tmp_path, unpacked).read_bytes() == built.read_bytes()
    pages = {path.relative_to(sources) for path in (sources / "docs").rglob("*.md")}
    assert {path.relative_to(unpacked) for path in (unpacked / "docs").rglob("*.md")} == pages


def test_it_holds_every_file_of_the_package_the_models_template_and_nothing_else(
    built: Path, sources: Path
) -> None:
    with zipfile.ZipFile(built) as archive:
        held = set(archive.namelist())
    package = {path.relative_to(sources / "src").as_posix() for path in files(sources / "src")}
    models = files(sources / "templates/model")
    template = {f"modelyard/zoo/template/{path.name}" for path in models}
    about = {name for name in held if name.startswith(f"modelyard-{VERSION}.dist-info/")}
    assert {name.rpartition(".")[2] for name in template} == {"jinja"}
    assert held == package | template | about
    assert not [name for name in held if "__pycache__" in name or name.endswith(".pyc")]


def test_the_tool_that_builds_is_pinned_once() -> None:
    assert PYPROJECT["build-system"]["requires"] == PYPROJECT["dependency-groups"]["build"]


def test_a_new_wheel_takes_the_place_of_the_old_one(sources: Path, tmp_path: Path) -> None:
    old = tmp_path / "vendor/modelyard-0.9.0-py3-none-any.whl"
    old.parent.mkdir()
    old.touch()
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('modelyard = { path = "vendor/modelyard-0.9.0-py3-none-any.whl" }\n')
    wheel.place(tmp_path, sources)
    assert [path.name for path in old.parent.iterdir()] == [NAME]
    assert pyproject.read_text() == f'modelyard = {{ path = "vendor/{NAME}" }}\n'


def test_the_committed_wheel_is_the_one_of_the_sources(tmp_path: Path) -> None:
    assert [path.name for path in (TEMPLATE / "vendor").iterdir()] == [NAME], "run `make wheel`"
    fresh = wheel.build(tmp_path).read_bytes() == (TEMPLATE / "vendor" / NAME).read_bytes()
    assert fresh, "run `make wheel` in the last commit"


def test_the_skeleton_names_its_wheel_once() -> None:
    text = (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8")
    assert wheel.NAMED.findall(text) == [f"vendor/{NAME}"]


def released_otherwise(repository: Path, built: Path) -> str:
    """Return the last release, if its wheel has this one's version but other bytes; else nothing.

    A project's lock file knows its wheel by name and hash. Before the first release there is none.
    """
    tags = run(repository, "git", "tag", "--list", "v*", "--sort=-version:refname").split()
    for tag in tags[:1]:
        path = f"{tag}:{TEMPLATE.name}/vendor/{built.name}"
        command = ["git", "show", path]
        shown = subprocess.run(command, cwd=repository, capture_output=True, check=False)
        if shown.returncode == 0 and shown.stdout != built.read_bytes():
            return tag
    return ""


def test_what_changed_since_the_last_release_has_another_version(built: Path) -> None:
    assert released_otherwise(ROOT, built) == "", "raise project.version in pyproject.toml"


def test_a_change_without_another_version_would_be_found(built: Path, tmp_path: Path) -> None:
    vendor = tmp_path / TEMPLATE.name / "vendor"
    vendor.mkdir(parents=True)
    run(tmp_path, "git", "init", "--quiet")
    assert released_otherwise(tmp_path, built) == ""  # nothing has been released
    for tag, content in {
        "v0.9.0": b"old",
        "v0.10.0": built.read_bytes(),
        "v0.11.0": b"new",
    }.items():
        (vendor / NAME).write_bytes(content)
        run(tmp_path, "git", "add", "--all")
        run(tmp_path, "git", "commit", "--quiet", "--message", tag)
        run(tmp_path, "git", "tag", tag)
        expected = "" if content == built.read_bytes() else tag
        assert released_otherwise(tmp_path, built) == expected
    other = shutil.copy(built, tmp_path / NAME.replace(VERSION, "99.0.0"))
    assert released_otherwise(tmp_path, Path(other)) == ""  # a version of its own


@pytest.mark.parametrize("command", BEFORE_ANYTHING)
def test_the_wheel_runs_without_any_package(built: Path, tmp_path: Path, command: str) -> None:
    bare = (sys.executable, "-S", "-m", "modelyard")  # without site-packages
    said = run(tmp_path, *bare, *command.split(), "--help", PYTHONPATH=str(built))
    assert said.startswith(f"usage: modelyard {command or 'COMMAND'}")
