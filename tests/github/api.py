"""A GitHub on loopback: the few addresses that runs need, over TLS for CML, which demands it."""

import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from github.runners import Runners

LONGEST_COMMENT = 65_536


@dataclass
class GitHub:
    """What was asked of the fake GitHub.

    Attributes:
        environment: what leads `cml` there.
        pull_requests: numbers of open ones for any commit.
        comments: the texts posted, with the address of each.
        statuses: of commits, by context.
        switched: the workflows that were enabled or disabled, by address.
    """

    environment: dict[str, str]
    pull_requests: list[int] = field(default_factory=list)
    comments: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    runners: Runners = field(default_factory=Runners)
    statuses: dict[str, dict[str, str]] = field(default_factory=dict)
    switched: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        """Answer as GitHub would."""
        path = request.path.removeprefix("/api/v3")
        self.tokens.add(request.headers.get("Authorization", ""))
        if "/actions/runners" in path:
            return self.runners.answer(request)
        if request.method == "GET" and path.startswith("/users/"):
            return _json({"login": path.rpartition("/")[2]})
        if request.method == "GET" and path.endswith("/pulls"):
            return _json([_pull_request(number) for number in self.pull_requests])
        return self._changed(request, path) or _json({"message": "Not Found"}, 404)

    def _changed(self, request: Request, path: str) -> Response | None:
        """Do what is asked for; None if nothing is."""
        if request.method == "POST" and path.endswith("/comments"):
            return self._comment(path, json.loads(request.data)["body"])
        if request.method == "POST" and "/statuses/" in path:
            status = json.loads(request.data)
            of_commit = self.statuses.setdefault(path.rpartition("/")[2], {})
            of_commit[status["context"]] = status["state"]
            return _json({}, 201)
        if request.method == "PUT" and path.endswith(("/enable", "/disable")):
            self.switched.append(path.partition("/workflows/")[2])
            return Response(status=204)
        return None

    def _comment(self, path: str, body: str) -> Response:
        if len(body) > LONGEST_COMMENT:
            return _json({"message": "Validation Failed: body is too long"}, 422)
        self.comments.append((path, body))
        return _json({"html_url": f"https://github.com{path}"}, 201)


def _pull_request(number: int) -> dict[str, Any]:
    address = f"https://github.com/org/digits/pull/{number}"  # CML reads the number from it
    refs = {"head": {"ref": "a-branch"}, "base": {"ref": "main"}}
    return {"number": number, "state": "open", "html_url": address, **refs}


def _json(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")


@contextmanager
def github(folder: Path, repository: str) -> Iterator[GitHub]:
    """Serve a GitHub with one repository until the block ends."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    with (
        HTTPServer(host="localhost", port=0, ssl_context=context) as server,
        HTTPServer(host="127.0.0.1", port=0) as plain,
    ):
        environment = {
            "GITHUB_API_URL": f"http://127.0.0.1:{plain.port}/api/v3",
            "CML_DRIVER": "github",
            "CML_REPO": f"https://localhost:{server.port}/{repository}",
            "NODE_EXTRA_CA_CERTS": str(folder / "ca.pem"),
        }
        fake = GitHub(environment)
        for one in (server, plain):
            one.expect_request(re.compile(".*")).respond_with_handler(fake.answer)
        yield fake
