"""What a dispatched run says on its commit; the server is a real one."""

import json

import pytest
from pytest_httpserver import HTTPServer

from modelyard.cloud import statuses

ENDS = {"tests": "success", "model_tests": "skipped", "consistency": "failure", "x": "cancelled"}


@pytest.fixture(autouse=True)
def run(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("GITHUB_REPOSITORY", "org/digits")
    monkeypatch.setenv("GITHUB_RUN_ID", "77")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_SHA", "abc")
    monkeypatch.setenv("GITHUB_TOKEN", "of-the-job")
    needs = {name: {"result": end, "outputs": {}} for name, end in ENDS.items()}
    monkeypatch.setenv("NEEDS", json.dumps(needs))


def test_each_job_that_has_judged_gets_a_status_of_its_name(
    httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request("/repos/org/digits/statuses/abc", "POST").respond_with_json({})
    assert statuses.main([]) == 0
    posted = [request.json for request, _ in httpserver.log]
    assert {one["context"]: one["state"] for one in posted} == {
        "tests": "success",
        "consistency": "failure",
        "x": "error",
    }
    assert {one["target_url"] for one in posted} == {
        "https://github.com/org/digits/actions/runs/77"
    }
    assert "consistency: failure" in capsys.readouterr().out


def test_a_token_that_may_not_is_one_sentence(
    httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request("/repos/org/digits/statuses/abc").respond_with_data("", status=403)
    assert statuses.main([]) == 1
    assert capsys.readouterr().err == (
        "error: GitHub's POST statuses/abc answered HTTP 403 Forbidden\n"
    )


@pytest.mark.parametrize("text", ["nothing", "[]", '{"a": 1}', '{"a": {"result": "new"}}'])
def test_needs_that_are_not_github_s_are_named(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEEDS", text)
    assert statuses.main([]) == 1
    assert "ci.yaml must set it to toJSON(needs)" in capsys.readouterr().err
