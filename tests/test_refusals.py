"""Answers that would break the project are refused, all at once, and leave nothing behind."""

import importlib.util
import itertools
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from answers import REMOTES, TEXTS
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter
from refused import BROKEN_REMOTES, BROKEN_TEXTS, NAMES
from support import ROOT, Bake, bake, files

GOOD = {
    "project_name": "Digits",
    "project_slug": "digits",
    "description": "Reads digits.",
    "author_name": "Ada",
    "model_name": "reader",
    "dvc_remote_url": "../storage",
}


@pytest.fixture(scope="module", name="hook")
def _hook() -> ModuleType:
    """The hook as it stands: plain Python, whatever it will be rendered with."""
    spec = importlib.util.spec_from_file_location("hook", ROOT / "hooks/pre_gen_project.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def refusal(folder: Path, **answers: str) -> str:
    """Bake as a user does; return what was printed after asserting that nothing was left."""
    output = folder / "output"
    output.mkdir()
    given = [f"{name}={value}" for name, value in answers.items()]
    options = ("--no-input", "--output-dir", str(output))
    done = subprocess.run(
        [sys.executable, "-m", "cookiecutter", str(ROOT), *options, *given],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert [path.name for path in folder.iterdir()] == ["output"]
    assert list(output.iterdir()) == []
    return done.stdout + done.stderr


def test_good_answers_are_accepted(hook: ModuleType) -> None:
    assert hook.problems(GOOD) == []


@pytest.mark.parametrize("answer", ["project_slug", "model_name"])
@pytest.mark.parametrize(("value", "reason"), NAMES.items(), ids=list(NAMES))
def test_a_name_that_cannot_be_imported_or_made_a_folder_is_refused(
    hook: ModuleType, answer: str, value: str, reason: str
) -> None:
    [problem] = hook.problems(GOOD | {answer: value})
    assert problem.startswith(f"{answer} is {value[:60]!r}"[:60])
    assert reason in problem
    assert len(problem) < 400


@pytest.mark.parametrize("answer", ["project_name", "description", "author_name"])
@pytest.mark.parametrize("value", BROKEN_TEXTS.values(), ids=list(BROKEN_TEXTS))
def test_text_that_would_break_a_file_is_refused(hook: ModuleType, answer: str, value: str) -> None:
    [problem] = hook.problems(GOOD | {answer: value})
    assert problem.startswith(f"{answer} is ")


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_other_text_is_accepted(hook: ModuleType, text: str) -> None:
    answered = dict.fromkeys(("project_name", "description", "author_name"), text)
    assert hook.problems(GOOD | answered) == []


@pytest.mark.parametrize(("url", "reason"), BROKEN_REMOTES.items(), ids=list(BROKEN_REMOTES))
def test_a_remote_that_dvc_could_not_use_is_refused(
    hook: ModuleType, url: str, reason: str
) -> None:
    [problem] = hook.problems(GOOD | {"dvc_remote_url": url})
    assert problem.startswith("dvc_remote_url is ")
    assert reason in problem


@pytest.mark.parametrize("url", [url for url, _, _ in REMOTES.values()])
def test_folders_and_buckets_are_accepted(hook: ModuleType, url: str) -> None:
    assert hook.problems(GOOD | {"dvc_remote_url": url}) == []


def test_every_package_the_project_requires_is_refused_as_a_name(
    hook: ModuleType, bake: Bake
) -> None:
    project = bake()
    required = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
    groups = tomllib.loads((project / "pyproject.toml").read_text())["dependency-groups"]
    required += groups["dev"] + groups["docs"]
    engine = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for listed in (engine["dependencies"], *engine["optional-dependencies"].values()):
        required += listed
    found = [re.match(r"[A-Za-z0-9._-]+", line) for line in required if not line.startswith("#")]
    for name in (re.sub(r"[-.]", "_", match[0]).lower() for match in found if match):
        assert hook.name_problem("project_slug", name), name


def test_every_package_that_the_engine_and_a_bake_may_bring_is_refused_as_a_slug(
    hook: ModuleType,
) -> None:
    """As this repository locks them; `tests/pipeline/test_names.py` asks a bake's own lock."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    tools = ("ipykernel", "mypy", "pytest", "ruff", "setuptools")
    brought = packages(lock, "modelyard", *tools)
    assert len(brought) > 200
    accepted = [name for name in brought if not hook.name_problem("project_slug", slug(name))]
    assert accepted == [], "run scripts/locked_names.py"


def slug(package: str) -> str:
    return re.sub(r"[-.]", "_", package)


def packages(lock: dict[str, Any], *names: str) -> set[str]:
    """Return packages with all that they may bring, whatever system and extra need it."""
    entries = {one["name"]: one for one in lock["package"]}
    found, waiting = set[str](), [*names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            extras = entries[name].get("optional-dependencies", {}).values()
            needed = [*entries[name].get("dependencies", []), *itertools.chain(*extras)]
            waiting += [one["name"] for one in needed]
    return found


def test_a_package_that_is_locked_is_no_reason_against_a_model(hook: ModuleType) -> None:
    assert hook.problems(GOOD | {"model_name": "networkx"}) == []
    [problem] = hook.problems(GOOD | {"project_slug": "ruamel__yaml__clib"})
    assert "the name of a package that the project installs" in problem


@pytest.mark.parametrize(("name", "folder"), [("\U0001f522", "my_project"), ("x" * 300, "x" * 50)])
def test_a_name_without_letters_or_very_long_gives_a_folder_that_can_be(
    bake: Bake, name: str, folder: str
) -> None:
    project = bake(project_name=name)
    assert project.name == folder
    assert name in (project / "README.md").read_text(encoding="utf-8")


def test_all_problems_are_told_at_once_and_nothing_is_left(tmp_path: Path) -> None:
    printed = refusal(
        tmp_path, project_slug="class", model_name="3d", author_name='"', dvc_remote_url="ftp://x"
    )
    lines = [line for line in printed.splitlines() if line.startswith("error: ")]
    told = ["author_name", "project_slug", "model_name", "dvc_remote_url"]
    assert [line.split()[1] for line in lines] == told


@pytest.mark.parametrize("slug", [slug for slug in NAMES if "/" in slug] + ["", ".", "~", "a b"])
def test_a_refused_slug_leaves_nothing_behind(tmp_path: Path, slug: str) -> None:
    assert "error: " in refusal(tmp_path, project_slug=slug).lower()


def test_a_refused_slug_spares_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/kept").touch()
    with pytest.raises(Exception, match=r"Hook script failed|No such file"):
        bake(tmp_path, project_slug="a/b")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["kept"]


def test_answers_are_data_to_the_hook(tmp_path: Path) -> None:
    nasty = "'); import os; os.mkdir('owned'); ('" + "''' $(touch owned) `touch owned`"
    project = bake(tmp_path, author_name=nasty, description=nasty)
    assert not list(tmp_path.rglob("owned"))
    assert nasty in (project / "LICENSE").read_text(encoding="utf-8")


def test_a_refusal_leaves_an_existing_project_as_it_was(tmp_path: Path) -> None:
    project = bake(tmp_path)
    before = {path: path.read_bytes() for path in files(tmp_path)}
    with pytest.raises(FailedHookException):
        cookiecutter(
            str(ROOT),
            no_input=True,
            extra_context={"model_name": "class"},
            output_dir=str(tmp_path),
            overwrite_if_exists=True,
        )
    assert project.is_dir()
    assert {path: path.read_bytes() for path in files(tmp_path)} == before
