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

LONGEST_COMMENT = 65_536


@dataclass
class GitHub:
    """What was asked of the fake GitHub.

    Attributes:
        environment: what leads `cml` there.
        pull_requests: numbers of open ones for any commit.
        comments: the texts posted, with the address of each.
    """

    environment: dict[str, str]
    pull_requests: list[int] = field(default_factory=list)
    comments: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def answer(self, request: Request) -> Response:
        """Answer as GitHub would."""
        path = request.path.removeprefix("/api/v3")
        self.tokens.add(request.headers.get("Authorization", ""))
        if request.method == "GET" and path.startswith("/users/"):
            return _json({"login": path.rpartition("/")[2]})
        if request.method == "GET" and path.endswith("/pulls"):
            return _json([{"number": number} for number in self.pull_requests])
        if request.method == "POST" and path.endswith("/comments"):
            return self._comment(path, json.loads(request.data)["body"])
        return _json({"message": "Not Found"}, 404)

    def _comment(self, path: str, body: str) -> Response:
        if len(body) > LONGEST_COMMENT:
            return _json({"message": "Validation Failed: body is too long"}, 422)
        self.comments.append((path, body))
        return _json({"html_url": f"https://github.com{path}"}, 201)


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
