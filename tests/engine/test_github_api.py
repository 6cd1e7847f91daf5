"""Asking GitHub's REST API: what is sent, what is asked again, and what an error says."""

import time

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from modelyard.cloud.github_api import GitHubError, ask


@pytest.fixture(name="server", autouse=True)
def _server(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    monkeypatch.setenv("GITHUB_API_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("GITHUB_REPOSITORY", "org/digits")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return httpserver


def test_a_question_is_about_this_repository_and_carries_the_token(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/repos/org/digits/statuses/abc", method="POST", json={"state": "success"},
        headers={"Authorization": "Bearer a-token", "Accept": "application/vnd.github+json"},
    ).respond_with_json({"id": 1}, 201)  # fmt: skip
    assert ask("a-token", "POST", "statuses/abc", {"state": "success"}) == {"id": 1}


def test_an_empty_answer_is_none(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/repos/org/digits/x", method="DELETE").respond_with_data("", 204)
    assert ask("t", "DELETE", "x") is None


@pytest.mark.parametrize(("method", "code", "asked"), [
    ("GET", 502, 3), ("GET", 404, 1), ("POST", 502, 1), ("POST", 429, 3), ("DELETE", 503, 3),
])  # fmt: skip
def test_what_fails_for_a_moment_is_asked_again_unless_it_could_be_done_twice(
    httpserver: HTTPServer, method: str, code: int, asked: int
) -> None:
    seen = []

    def answer(request: Request) -> Response:
        seen.append(request.method)
        return Response("secret words of the server", code)

    httpserver.expect_request("/repos/org/digits/x").respond_with_handler(answer)
    with pytest.raises(GitHubError) as raised:
        ask("a-token", method, "x?token=1")
    assert len(seen) == asked
    assert raised.value.code == code
    assert str(raised.value).startswith(f"GitHub's {method} x answered HTTP {code} ")
    assert "secret" not in str(raised.value)


def test_a_server_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    with pytest.raises(GitHubError, match=r"^GitHub's GET x failed: ConnectionRefusedError$"):
        ask("t", "GET", "x")
