"""What a `[cml]` run says on GitHub when it ends."""

import re
import subprocess
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

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


@pytest.fixture(name="posted")
def _posted(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Take `cml` away and put GitHub there; return path and text of every comment."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("GITHUB_API_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("GITHUB_SHA", "abc")
    monkeypatch.setenv("REPO_TOKEN", "a-token")
    posted: list[tuple[str, str]] = []

    def answer(request: Request) -> Response:
        assert request.headers["Authorization"] == "Bearer a-token"
        posted.append((request.path, str(request.get_json()["body"])))
        return Response("{}", 201)

    httpserver.expect_request(re.compile(".*/comments"), method="POST").respond_with_handler(answer)
    return posted


PULLS = {
    "none": ([], "commits/abc"),
    "merged": ([{"number": 3, "state": "closed"}], "commits/abc"),
    "open": ([{"number": 3, "state": "closed"}, {"number": 4, "state": "open"}], "issues/4"),
}


@pytest.mark.parametrize("case", PULLS)
def test_without_cml_the_same_text_is_posted_in_the_same_place(
    case: str, posted: list[tuple[str, str]], httpserver: HTTPServer
) -> None:
    pulls, where = PULLS[case]
    httpserver.expect_request("/repos/org/digits/commits/abc/pulls").respond_with_json(pulls)
    assert comment.main([]) == 0
    text = Path("summary.md").read_text()
    assert posted == [(f"/repos/org/digits/{where}/comments", text)]
    assert "# m" in text


def test_a_refused_comment_is_a_failure_that_says_where_the_report_is(
    posted: list[tuple[str, str]], httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "/repos/org/digits/commits/abc/pulls"
    httpserver.expect_request(address).respond_with_json({"message": "a-token"}, 403)
    assert comment.main([]) == 1
    assert posted == []
    assert capsys.readouterr().err == (
        "error: GitHub's GET commits/abc/pulls answered HTTP 403 Forbidden, so there is no "
        "comment; the report is in the run's summary.\n"
    )
    assert "# m" in Path("summary.md").read_text()


def test_a_long_report_is_posted_in_part_with_the_way_to_the_rest(
    posted: list[tuple[str, str]], httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/repos/org/digits/commits/abc/pulls").respond_with_json([])
    long = "### Verdict\n\nGood.\n\n### By class\n\n" + "| a class | 0.5 |\n" * 5000
    Path("reports/m/report.md").write_text(long)
    assert comment.main([]) == 0
    rest = f"The rest is too long for a comment; the [summary of the run]({RUN}) has all of it.\n"
    assert [text for _, text in posted] == [f"### Verdict\n\nGood.\n\n{rest}"]
    assert long in Path("summary.md").read_text()


def test_one_long_section_is_cut_between_lines() -> None:
    text = comment.fitted("### One\n" + "| ü | 0.5 |\n" * 9000, RUN)
    assert comment.LONGEST - 100 < len(text) <= comment.LONGEST
    assert "| 0.5 |\n\nThe rest is too long" in text


def test_what_cml_fails_at_is_a_failure(stubs: Stubs) -> None:
    stubs.answer("cml", stderr="401", code=1)
    assert comment.main([]) == 1
