"""Results reach the branch whoever else pushes meanwhile; every remote here is a real one."""

import os
import subprocess
from pathlib import Path

import pytest

from modelyard.cloud import push_results

METRICS = Path("training_metrics/m/metrics.json")
LOCK = Path("models/m/dvc.lock")


def git(*arguments: str, folder: Path = Path()) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def save(folder: Path, message: str, **files: str) -> None:
    """Write files (their names with __ for /), commit and push them."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--message", message, folder=folder)
    git("push", "--quiet", "origin", "HEAD:main", folder=folder)


@pytest.fixture
def somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return another clone; the working directory is the runner's, with a result staged."""
    git("init", "--quiet", "--bare", "--initial-branch", "main", str(tmp_path / "origin"))
    other, mine = tmp_path / "other", tmp_path / "mine"
    git("clone", "--quiet", str(tmp_path / "origin"), str(other))
    save(other, "Begin", training_metrics__m__metrics="", models__m__lock="", code="1\n2\n3\n")
    git("clone", "--quiet", str(tmp_path / "origin"), str(mine))
    monkeypatch.chdir(mine)
    monkeypatch.setenv("MODEL", "m")
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    monkeypatch.setenv("GITHUB_RUN_ID", "77")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setattr("time.sleep", lambda _: None)
    result("0.9")
    return other


def result(text: str) -> None:
    for path in (METRICS, LOCK):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        git("add", str(path))


def origin(*arguments: str) -> str:
    return git(*arguments, folder=Path("../origin"))


def pushed() -> str:
    return Path(os.environ["GITHUB_OUTPUT"]).read_text()


@pytest.mark.usefixtures("somebody")
def test_results_are_committed_by_the_bot_without_starting_ci_again() -> None:
    assert push_results.main([]) == 0
    assert origin("log", "-1", "--format=%s|%an", "main") == (
        "Train m [skip ci]|github-actions[bot]"
    )
    assert origin("show", "main:training_metrics/m/metrics.json") == "0.9"
    assert pushed() == "pushed=true\n"


def test_somebody_who_pushed_meanwhile_keeps_their_commit(somebody: Path) -> None:
    save(somebody, "Meanwhile", code="1\n2\n3\n4\n")
    assert push_results.main([]) == 0
    assert origin("log", "--format=%s", "main").splitlines() == [
        "Train m [skip ci]",
        "Meanwhile",
        "Begin",
    ]
    assert origin("show", "main:code") == "1\n2\n3\n4"
    assert origin("show", "main:training_metrics/m/metrics.json") == "0.9"


def test_changes_that_are_not_staged_neither_travel_nor_hinder(somebody: Path) -> None:
    save(somebody, "Meanwhile", other="x")
    Path("code").write_text("of this machine")
    Path("untracked").write_text("of this machine")
    assert push_results.main([]) == 0
    assert origin("show", "main:code") == "1\n2\n3"
    assert "untracked" not in origin("ls-tree", "--name-only", "main")
    assert Path("code").read_text() == "of this machine"


def test_somebody_who_pushes_again_and_again_is_waited_for(
    somebody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[float] = []

    def meanwhile(seconds: float) -> None:
        if len(times) < 3:
            times.append(seconds)
            save(somebody, f"Again {len(times)}", code=str(len(times)))

    git("pull", "--quiet", folder=somebody)
    save(somebody, "Meanwhile", code="0")
    monkeypatch.setattr("time.sleep", meanwhile)
    assert push_results.main([]) == 0
    assert origin("rev-list", "--count", "main") == "6"
    assert times == sorted(times)


def test_the_same_results_of_somebody_else_are_not_overwritten(
    somebody: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(somebody, "Theirs", **{"training_metrics__m__metrics.json": "0.8"})
    assert push_results.main([]) == 1
    assert origin("show", "main:training_metrics/m/metrics.json") == "0.8"
    assert origin("show", "cml-results-77:training_metrics/m/metrics.json") == "0.9"
    assert "these are on the branch cml-results-77" in capsys.readouterr().err
    assert not Path(os.environ["GITHUB_OUTPUT"]).exists()


def test_a_branch_that_refuses_gets_the_results_set_aside(
    somebody: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert somebody.exists()
    hook = Path("../origin/hooks/update")
    hook.write_text('#!/bin/sh\ntest "$1" != refs/heads/main\n')
    hook.chmod(0o755)
    assert push_results.main([]) == 1
    assert origin("show", "cml-results-77:training_metrics/m/metrics.json") == "0.9"
    assert "because main refused them 5 times" in capsys.readouterr().err


@pytest.mark.usefixtures("somebody")
def test_results_that_are_committed_already_are_not_pushed_again() -> None:
    assert push_results.main([]) == 0
    before = origin("rev-parse", "main")
    report = Path("reports/m/report.md")
    report.parent.mkdir(parents=True)
    report.write_text("the same, made from another commit")
    git("add", str(report))
    assert push_results.main([]) == 0
    assert origin("rev-parse", "main") == before
    assert pushed() == "pushed=true\npushed=false\n"


def test_the_token_is_asked_for_by_git_and_never_an_argument(
    somebody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert somebody.exists()
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    asked = ["credential", "fill"]
    helper = ["-c", "credential.helper=", "-c", f"credential.helper={push_results.CREDENTIALS}"]
    done = subprocess.run(
        ["git", *helper, *asked],
        input="protocol=https\nhost=github.com\n\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "username=x-access-token\npassword=s3cret\n" in done.stdout
    assert "s3cret" not in push_results.CREDENTIALS
    assert push_results.main([]) == 0
    assert "s3cret" not in Path(".git/config").read_text()
