"""Results reach their branch whoever else pushes meanwhile; every remote here is a real one."""

import os
import subprocess
from pathlib import Path

import pytest

from modelyard.cloud import deliver, push_results
from modelyard.cloud.vm import VMError

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
    monkeypatch.setenv("GITHUB_TOKEN", "")
    monkeypatch.delenv("APP_TOKEN", raising=False)
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


def outputs() -> str:
    return Path(os.environ["GITHUB_OUTPUT"]).read_text()


def branches() -> list[str]:
    return origin("branch", "--format=%(refname:short)").splitlines()


def delivered() -> bool:
    """Train on one machine, then deliver from another, which has its own clone and the artifact."""
    assert push_results.main([]) == 0
    clone = ["git", "clone", "--quiet", str(Path("../origin").resolve()), "../cleanup"]
    subprocess.run(clone, check=True)
    received("../cleanup")
    os.chdir("../cleanup")
    return deliver.waiting() and deliver.deliver()


def received(folder: str = ".") -> None:
    """Move the bundle to where cml.yaml downloads it."""
    target = Path(folder, deliver.RECEIVED)
    target.parent.mkdir(exist_ok=True)
    push_results.BUNDLE.rename(target)


@pytest.mark.usefixtures("somebody")
def test_results_are_committed_by_the_bot_into_a_bundle_and_pushed_nowhere() -> None:
    assert push_results.main([]) == 0
    assert branches() == ["main"]
    git("fetch", "--quiet", "results.bundle", "HEAD")
    assert git("log", "-1", "--format=%s|%an", "FETCH_HEAD") == "Train m|github-actions[bot]"
    assert git("show", "FETCH_HEAD:training_metrics/m/metrics.json") == "0.9"
    assert outputs() == f"results={git('rev-parse', 'FETCH_HEAD')}\n"


@pytest.mark.parametrize("app", ["", "of-the-app"])
@pytest.mark.usefixtures("somebody")
def test_they_are_put_onto_their_branch_with_the_app_s_token_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, app: str
) -> None:
    monkeypatch.setenv("APP_TOKEN", app)
    monkeypatch.setenv("GH_TOKEN", "of-the-job")
    assert delivered() == bool(app)
    assert os.environ["GITHUB_TOKEN"] == (app or "of-the-job")
    assert branches() == ["main"]
    assert origin("log", "--format=%s", "main").splitlines() == ["Train m", "Begin"]


@pytest.mark.usefixtures("somebody")
def test_without_results_nothing_waits() -> None:
    assert not deliver.waiting()


def test_somebody_who_pushed_meanwhile_keeps_their_commit(somebody: Path) -> None:
    save(somebody, "Meanwhile", code="1\n2\n3\n4\n")
    assert push_results.main([]) == 0
    pictures = outputs().strip().removeprefix("results=")  # the report shows those of this commit
    save(somebody, "Later", code="1\n2\n3\n5\n")
    received()
    deliver.deliver()
    assert origin("log", "--format=%s", "main").splitlines() == [
        "Train m",
        "Later",
        "Meanwhile",
        "Begin",
    ]
    assert git("log", "-1", "--format=%s", f"{pictures}^") == "Meanwhile"
    assert origin("show", "main:code") == "1\n2\n3\n5"
    assert origin("show", "main:training_metrics/m/metrics.json") == "0.9"


def test_changes_that_are_not_staged_neither_travel_nor_hinder(somebody: Path) -> None:
    save(somebody, "Meanwhile", other="x")
    Path("code").write_text("of this machine")
    Path("untracked").write_text("of this machine")
    assert push_results.main([]) == 0
    received()
    deliver.deliver()
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
    assert push_results.main([]) == 0
    save(somebody, "Meanwhile", code="0")
    monkeypatch.setattr("time.sleep", meanwhile)
    received()
    deliver.deliver()
    assert origin("rev-list", "--count", "main") == "6"
    assert times == sorted(times)


def test_the_same_results_of_somebody_else_are_not_overwritten(somebody: Path) -> None:
    save(somebody, "Theirs", **{"training_metrics__m__metrics.json": "0.8"})
    with pytest.raises(VMError, match=r"these are on the branch cml-results-77\. Merge them"):
        delivered()
    assert origin("show", "main:training_metrics/m/metrics.json") == "0.8"
    assert origin("show", "cml-results-77:training_metrics/m/metrics.json") == "0.9"


@pytest.mark.parametrize(
    ("refused", "where"),
    [
        ("main", "these are on the branch cml-results-77."),
        ("*", "They are this run's artifact: `gh run download 77 --name results`"),
    ],
)
@pytest.mark.usefixtures("somebody")
def test_a_branch_that_refuses_them_is_named_and_where_they_are(refused: str, where: str) -> None:
    hook = Path("../origin/hooks/update")
    hook.write_text(f"#!/bin/sh\ncase $1 in refs/heads/{refused}) exit 1 ;; esac\n")
    hook.chmod(0o755)
    with pytest.raises(VMError, match="main refused the results 5 times") as caught:
        delivered()
    assert where in str(caught.value)


@pytest.mark.usefixtures("somebody")
def test_a_bundle_that_is_none_is_one_sentence() -> None:
    push_results.BUNDLE.write_text("nothing")
    received()
    with pytest.raises(VMError, match=r"cannot be read, Git says why above\. They are this"):
        deliver.deliver()


@pytest.mark.usefixtures("somebody")
def test_results_that_are_committed_already_are_not_pushed_again() -> None:
    assert push_results.main([]) == 0
    said = outputs()
    push_results.BUNDLE.unlink()
    report = Path("reports/m/report.md")
    report.parent.mkdir(parents=True)
    report.write_text("the same, made from another commit")
    git("add", str(report))
    assert push_results.main([]) == 0
    assert not push_results.BUNDLE.exists()
    assert outputs() == said


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
