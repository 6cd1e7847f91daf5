"""What a `[cml]` run says on GitHub when it ends."""

import subprocess
from pathlib import Path

import pytest

from modelyard.cloud import comment

from .stubs import Stubs, install

SETTINGS = {
    "ATTEMPT": "1",
    "GITHUB_REPOSITORY": "org/digits",
    "GITHUB_RUN_ID": "77",
    "GITHUB_SERVER_URL": "https://github.com",
    "JOB_STATUS": "success",
    "MODEL": "m",
    "REPORTED": "true",
}
RUN = "https://github.com/org/digits/actions/runs/77"


@pytest.fixture(autouse=True)
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.chdir(tmp_path)
    report = Path("reports/m/report.md")
    report.parent.mkdir(parents=True)
    report.write_text("# m\n\n![curves](curves.png)\n")
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "x", "--allow-empty"], check=True)
    return install(tmp_path / "stubs", monkeypatch, "cml")


def head() -> str:
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_report_is_posted_with_pictures_of_its_commit(stubs: Stubs) -> None:
    assert comment.main([]) == 0
    (call,) = stubs.calls("cml")
    assert call[:3] == ["comment", "create", "--publish=false"]  # to no third party
    summary = Path("summary.md").read_text()
    link = f"https://github.com/org/digits/raw/{head()}/reports/m/curves.png"
    assert f"![curves]({link})" in summary
    assert RUN in summary
    assert "later step failed" not in summary
    assert not Path(call[3]).exists()


@pytest.mark.parametrize("status", ["failure", "cancelled"])
def test_a_run_without_results_says_so_and_shows_no_old_report(
    status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_STATUS", status)
    monkeypatch.setenv("REPORTED", "")
    assert comment.main([]) == 0
    summary = Path("summary.md").read_text()
    assert "Training `m` did not finish" in summary
    assert RUN in summary
    assert "curves" not in summary


def test_a_report_whose_results_could_not_be_pushed_says_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JOB_STATUS", "failure")
    monkeypatch.setenv("ATTEMPT", "2")
    assert comment.main([]) == 0
    summary = Path("summary.md").read_text()
    assert "curves.png" in summary
    assert "attempt 2. A later step failed." in summary


def test_without_cml_the_summary_is_still_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert comment.main([]) == 1
    assert "cml is not installed here" in capsys.readouterr().err
    assert "# m" in Path("summary.md").read_text()


def test_a_refused_comment_is_a_failure(stubs: Stubs) -> None:
    stubs.answer("cml", stderr="401", code=1)
    assert comment.main([]) == 1
