"""What surrounds the application: which hosts are answered for, what is counted and logged."""

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .hosts import Hosts
from .logs import complain
from .metrics import OTHER, Metrics

FAILED, GONE, WRONG = 500, 499, 400  # 499: the client left before it was answered


class Watched:
    """An application that answers for some hosts only; each of its answers is counted."""

    def __init__(
        self, app: ASGIApp, knows: Callable[[str], bool], hosts: Hosts, metrics: Metrics
    ) -> None:
        """`knows` says of a path whether it is there: any other is counted as one."""
        self._app, self._knows, self._hosts, self._metrics = app, knows, hosts, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; start and end with the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, began, answer = scope["path"], self._metrics.begin(), _Answer(send)
        route = path if self._knows(path) else OTHER
        try:
            app = self._refusal(scope) or self._app
            await app(scope, receive, answer)
        except Exception as error:
            answer.status = FAILED
            complain("failed", str(error), error=error, **_about(scope, route, FAILED))
        else:
            if answer.status >= WRONG:
                complain("refused", _sentence(answer.body), **_about(scope, route, answer.status))
        finally:
            self._metrics.end(began, route, answer.status)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        required = scope.get("http_version") != "1.0"
        problem = self._hosts.problem(scope["headers"], required=required)
        return JSONResponse({"error": problem[1]}, problem[0]) if problem else None


class _Answer:
    """Passes an answer on; remembers its status, and of a refusal what it says."""

    def __init__(self, send: Send) -> None:
        self._send, self.status, self.body = send, GONE, b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self.status >= WRONG:
            self.body = message.get("body", b"")
        await self._send(message)


def _sentence(body: bytes) -> str:
    """Return the sentence of a refusal."""
    try:
        return str(json.loads(body)["error"])
    except (KeyError, TypeError, ValueError):
        return ""


def _about(scope: Scope, route: str, status: int) -> dict[str, Any]:
    client = scope.get("client")
    return {"status": status, "route": route, "client": client[0] if client else None}
