"""Which tags may be released; every repository here is a real one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import modelyard
from modelyard.publishing import release

HOSTILE = 'v1.4.0";touch${IFS}pwned;"$(touch${IFS}pwned)'


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", *identity, *arguments], check=True)


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of version 1.4.0, which the default branch has."""
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch", "main")
    Path("pyproject.toml").write_text('[project]\nversion = "1.4.0"\n')
    git("add", ".")
    git("commit", "--quiet", "--message", "Version 1.4.0")
    git("update-ref", "refs/remotes/origin/main", "main")
    return tmp_path


def judged(tag: str) -> int:
    return release.main(["--tag", tag, "--branch", "origin/main"])


def test_the_tag_of_this_version_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged("v1.4.0") == 0
    assert capsys.readouterr().out == "v1.4.0 is the version in pyproject.toml, on origin/main.\n"


@pytest.mark.parametrize("tag", ["v9.9.9", "1.4.0", "v1.4", "v1.4.0 ", "V1.4.0", "v", HOSTILE])
def test_another_tag_is_refused_with_both_versions(
    tag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(tag) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: The tag is {tag!r}, but pyproject.toml says version '1.4.0'")
    assert "v1.4.0: `git push --delete origin " in line


def test_a_hostile_tag_is_quoted_where_a_person_may_copy_it(
    capsys: pytest.CaptureFixture[str], checkout: Path
) -> None:
    assert judged(HOSTILE) == 1
    command = capsys.readouterr().err.split("`")[1]
    printed = command.replace("git push --delete origin", "printf %s")
    done = subprocess.run(["sh", "-c", printed], capture_output=True, text=True, check=True)
    assert done.stdout == HOSTILE
    assert not (checkout / "pwned").exists()


def test_a_commit_that_the_default_branch_lacks_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    git("commit", "--quiet", "--allow-empty", "--message", "Not merged")
    assert judged("v1.4.0") == 1
    assert "is not in origin/main, from which alone is released" in capsys.readouterr().err


def test_an_older_commit_of_the_default_branch_may_be_released() -> None:
    git("commit", "--quiet", "--allow-empty", "--message", "Later")
    git("update-ref", "refs/remotes/origin/main", "main")
    git("checkout", "--quiet", "--detach", "HEAD~1")
    assert judged("v1.4.0") == 0


def test_all_reasons_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    git("commit", "--quiet", "--allow-empty", "--message", "Not merged")
    assert judged("v1.4.1") == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_run_by_hand_on_a_branch_is_refused_and_no_branch_is_to_be_deleted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REF_TYPE", "branch")
    assert judged("main") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(
        "on the branch 'main', but only a tag is released: choose v1.4.0 where you press Run "
        "workflow, or name it: `--ref v1.4.0`."
    )


@pytest.mark.parametrize("text", [None, "[project", "[project]\n", "version = '1.4.0'\n"])
def test_a_version_that_cannot_be_read_is_named(
    text: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("pyproject.toml")
    path.unlink() if text is None else path.write_text(text)
    assert judged("v1.4.0") == 1
    assert "error: pyproject.toml: project.version cannot be read" in capsys.readouterr().err


def test_it_needs_nothing_but_python() -> None:
    bare = [sys.executable, "-S", "-m", "modelyard", "release"]  # without site-packages
    variables = os.environ | {"PYTHONPATH": str(Path(modelyard.__file__).parents[1])}
    asked = ["--tag", "v1.4.0", "--branch", "origin/main"]
    subprocess.run([*bare, *asked], env=variables, check=True, capture_output=True)
