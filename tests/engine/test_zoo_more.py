"""Models like another, a search of the nearest entry, and `make new-model`."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.loading import check_all, load_config
from modelyard.files import read_yaml, write_yaml
from modelyard.zoo import searching
from modelyard.zoo.adding import renamed
from modelyard.zoo.command import main
from modelyard.zoo.rendering import FILES

from .conftest import ROOT
from .tiny import snapshot


@pytest.fixture(autouse=True)
def _here(workspace: Path) -> None:
    """Work in the tiny project, whose one model is `tiny`."""
    assert Path.cwd() == workspace


def test_like_a_model_is_that_model_under_another_name() -> None:
    assert main(["add", "neighbours", "--name", "first"]) == 0
    assert main(["add", "--like", "first", "--name", "second"]) == 0
    old, new = Path("models/first"), Path("models/second")
    assert {path.name for path in new.iterdir()} == {path.name for path in old.iterdir()}
    for file in (*FILES, "adapter.py"):
        theirs = (old / file).read_text().replace("/first", "/second")
        assert (new / file).read_text() == theirs, file
    check_all()


def test_renaming_touches_paths_and_no_other_word() -> None:
    text = (
        "# first, model of the first\n"
        "cmd: run --config models/first/config.yaml ../../training_metrics/first/history.csv\n"
        "other: models/first_one/x models/first-two official_models/first models/first.v2\n"
        "first: 1\n"
    )
    assert renamed(text, "first", "second") == (
        "# first, model of the first\n"
        "cmd: run --config models/second/config.yaml ../../training_metrics/second/history.csv\n"
        "other: models/first_one/x models/first-two official_models/first models/first.v2\n"
        "first: 1\n"
    )


def test_search_adds_the_nearest_and_returns_what_dvc_returns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = read_yaml(Path("config.yaml"))
    document["zoo"] = {"max_trials": 7, "max_instances_at_once": 2}
    write_yaml(Path("config.yaml"), document)
    called = []

    def run(command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        called.append(command[1:])
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    arguments = ["search", "--priority", "3", "10", "9"]
    assert main(arguments) == 3
    tuning = load_config(Path("models/dense/config.yaml")).tuning
    assert (tuning.tune, tuning.max_trials, tuning.max_instances_at_once) == (True, 7, 2)
    assert called == [["-m", "dvc", "repro", "models/dense/dvc.yaml"]]
    assert "Nearest: dense" in capsys.readouterr().out
    before = snapshot(Path("models"))
    assert main(arguments) == 3
    assert snapshot(Path("models")) == before
    assert "is there already" in capsys.readouterr().out


@pytest.fixture(name="origin")
def _origin(tmp_path: Path) -> Path:
    """Commit the tiny project and give it a remote repository."""
    origin = tmp_path / "origin.git"
    git("init", "--quiet", "--bare", str(origin))
    git("init", "--quiet", "--initial-branch=main")
    for key, value in {"user.name": "Ada", "user.email": "ada@example.org"}.items():
        git("config", key, value)
    git("add", ".")
    git("commit", "--quiet", "--message", "First")
    git("remote", "add", "origin", str(origin))
    git("push", "--quiet", "--set-upstream", "origin", "main")
    return origin


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


REMOTE = ["search", "--priority", "3", "10", "9", "--name", "quick", "--remote"]


@pytest.fixture(autouse=True)
def _nothing_runs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "origin" in request.fixturenames:
        monkeypatch.setattr(searching, "reproduce", lambda _: pytest.fail("it ran"))


def test_a_remote_search_commits_the_model_alone_and_pushes_it_for_a_vm(origin: Path) -> None:
    assert main(REMOTE) == 0
    assert git("-C", str(origin), "log", "-1", "--format=%s", "main") == "[cml] quick: search"
    changed = git("show", "--name-only", "--format=", "HEAD").splitlines()
    assert set(changed) == {"dvc.yaml", *(f"models/quick/{file}" for file in FILES)}
    assert load_config(Path("models/quick/config.yaml")).tuning.tune
    assert main(REMOTE) == 0  # again: there is nothing to commit, and it is started anew
    assert git("-C", str(origin), "rev-list", "--count", "main") == "3"


@pytest.mark.usefixtures("origin")
def test_a_remote_search_refuses_what_nobody_committed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.yaml").write_text(Path("config.yaml").read_text() + "\n")
    assert main(REMOTE) == 1
    assert "1 changes are not, first config.yaml; commit or drop them" in capsys.readouterr().err
    assert not Path("models/quick").exists()


def test_a_remote_search_that_cannot_push_says_what_is_left_to_do(
    origin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(origin)
    assert main(REMOTE) == 1
    error = capsys.readouterr().err
    assert "models/quick is committed as '[cml] quick: search', but not pushed" in error
    assert "then `git push` starts the training" in error
    assert git("log", "-1", "--format=%s") == "[cml] quick: search"


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.skipif("{%" in (ROOT / "Makefile").read_text(), reason="the template's own, unbaked")
def test_make_new_model_hands_over_names_as_they_are() -> None:
    shutil.copy(ROOT / "Makefile", "Makefile")
    Path("setup.sh").write_text("exit 0\n")
    python = Path(".venv/bin/python")
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\n')
    python.chmod(0o755)
    names = ["ENTRY=a b; touch owned", "NAME=`touch owned` 'x\""]
    done = subprocess.run(
        ["make", "--no-print-directory", "new-model", *names],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"LIKE": "of the environment"},
    )
    words = ["-m", "src.zoo", "add", "a b; touch owned", "--name", "`touch owned` 'x\""]
    assert done.stdout.splitlines() == [f"<{word}>" for word in words]
    assert not Path("owned").exists()
