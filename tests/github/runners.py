"""The self-hosted runners of a repository, as GitHub's API knows them."""

import json
from dataclasses import dataclass, field
from typing import Any

from werkzeug import Request, Response

JIT = "c2VjcmV0LW9mLW9uZS1ydW5uZXI="  # what GitHub gives for one runner


@dataclass
class Runners:
    """The runners of a repository on GitHub.

    Attributes:
        registered: each by its number: name, labels, status.
        online: whether a new one comes up, for each in turn; the last counts for all others.
        failing: how many questions after a single runner it cannot answer.
        refuse: the status of the answer to a registration, 0 to accept it.
    """

    registered: dict[int, dict[str, Any]] = field(default_factory=dict)
    online: list[bool] = field(default_factory=lambda: [True])
    refuse: int = 0
    failing: int = 0
    asked: list[str] = field(default_factory=list)
    checksum: str = "a" * 64

    def answer(self, request: Request) -> Response:
        """Answer as GitHub does: docs.github.com/en/rest/actions/self-hosted-runners."""
        path = request.path.partition("/actions/runners")[2]
        self.asked.append(f"{request.method} {path}")
        if path == "/downloads":
            url = "https://github.com/actions/runner/releases/download/v2.400.0/linux-x64.tar.gz"
            known = {"os": "linux", "download_url": url, "sha256_checksum": self.checksum}
            return _json([known | {"architecture": "arm64"}, known | {"architecture": "x64"}])
        if path == "/generate-jitconfig":
            return self._register(json.loads(request.data))
        if path == "":
            name = request.args.get("name")
            found = [one for one in self.registered.values() if name in (None, "", one["name"])]
            return _json({"total_count": len(found), "runners": found})
        return self._one(int(path.removeprefix("/")), request.method)

    def _one(self, number: int, method: str) -> Response:
        if number not in self.registered:
            return _json({"message": "Not Found"}, 404)
        if method == "DELETE":
            del self.registered[number]
            return Response("", 204)
        if self.failing:
            self.failing -= 1
            return _json({"message": "Unicorn!"}, 502)
        return _json(self.registered[number])

    def _register(self, body: dict[str, Any]) -> Response:
        if self.refuse:
            return _json({"message": "words of the server"}, self.refuse)
        if any(one["name"] == body["name"] for one in self.registered.values()):
            return _json({"message": "Already exists"}, 409)
        assert set(body) == {"name", "runner_group_id", "labels", "work_folder"}
        up = self.online.pop(0) if len(self.online) > 1 else self.online[0]
        number = 100 + len(self.asked)
        labels = [{"name": name} for name in body["labels"]]
        status = "online" if up else "offline"
        self.registered[number] = {
            "id": number, "name": body["name"], "labels": labels, "status": status, "busy": False,
        }  # fmt: skip
        return _json({"runner": self.registered[number], "encoded_jit_config": JIT}, 201)


def _json(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
