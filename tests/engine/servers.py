"""Servers on loopback that misbehave as real ones do: an HTTP store of files, a package index."""

import base64
import hashlib
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Answer = tuple[int, bytes, dict[str, str]]


@dataclass
class Server:
    """A server's files and what was asked of it.

    Attributes:
        address: http://host:port.
        files: their content by path, as the requests name it.
        folders: those that exist, for WebDAV; None: every folder does.
        asked: method, path and the Authorization header of each request.
        next: answers that are given instead of the proper ones, in order.
        headers: in every answer.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    folders: set[str] | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    next: list[Answer | None] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def methods(self) -> list[str]:
        """The methods of all requests, in order."""
        return [method for method, _, _ in self.asked]

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        """Answer as a store of files that knows If-None-Match."""
        if method in ("GET", "HEAD"):
            found = self.files.get(path)
            return (404, b"", {}) if found is None else (200, found, {})
        if method == "DELETE":
            return (404 if self.files.pop(path, None) is None else 204, b"", {})
        parent = f"{path.rstrip('/').rpartition('/')[0]}/"
        if self.folders is not None and parent not in self.folders:
            return 409, b"", {}
        if method == "MKCOL":
            assert self.folders is not None
            self.folders.add(path)
            return 201, b"", {}
        if path in self.files and headers.get("If-None-Match") == "*":
            return 412, b"", {}
        self.files[path] = body
        return 201, b"", {}


class Index(Server):
    """An index as pypiserver is one: HTML, and a form to upload and remove."""

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        """Answer a request."""
        if method == "POST":
            return self._post(headers, body)
        if path.startswith("/simple/"):
            return self._page()
        return super().answer(method, path, headers, body)

    def _page(self) -> Answer:
        links = "".join(
            f'<a href="{path}#sha256={hashlib.sha256(content).hexdigest()}">{path[7:]}</a>'
            for path, content in self.files.items()
        )
        return 200 if links else 404, links.encode(), {"Content-Type": "text/html"}

    def _post(self, headers: Any, body: bytes) -> Answer:
        fields = _fields(headers["Content-Type"], body)
        if fields[":action"] == b"remove_pkg":
            stem = f"/files/{fields['name'].decode()}-{fields['version'].decode()}-"
            found = [path for path in self.files if path.startswith(stem)]
            for path in found:
                del self.files[path]
            return 200 if found else 404, b"", {}
        path = f"/files/{fields['filename'].decode()}"
        if path in self.files:
            return 409, b"", {}
        self.files[path] = fields["content"]
        return 200, b"", {}


class JsonIndex(Index):
    """An index that answers in JSON, and knows no digest."""

    def _page(self) -> Answer:
        files = [{"filename": path[7:], "url": path, "hashes": {}} for path in self.files]
        page = {"meta": {"api-version": "1.0"}, "name": "any", "files": files}
        kind = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
        return 200 if files else 404, json.dumps(page).encode(), kind


def _fields(kind: str, body: bytes) -> dict[str, bytes]:
    """Return the fields of a form; of a file its content, and its name as `filename`."""
    if kind.startswith("application/x-www-form-urlencoded"):
        pairs = (pair.split("=") for pair in body.decode().split("&"))
        return {unquote(name): unquote(value).encode() for name, value in pairs}
    found = {}
    for part in body.split(b"--" + kind.partition("boundary=")[2].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        names = head.decode().split('"')[1::2]
        found[names[0]] = content.removesuffix(b"\r\n")
        if names[1:]:
            found["filename"] = names[1].encode()
    return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Listener"

    def _do(self) -> None:
        served = self.server.served
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(self.path)
        served.asked.append((self.command, path, self.headers.get("Authorization", "")))
        instead = served.next.pop(0) if served.next else None
        status, content, headers = instead or served.answer(self.command, path, self.headers, body)
        self.send_response(status)
        for name, value in (headers | served.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = do_MKCOL = _do  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    served: Server


@contextmanager
def serve(served: Server, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve until the block ends, by TLS where there is a context."""
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        if context:
            listener.socket = context.wrap_socket(listener.socket, server_side=True)
        listener.served = served
        served.address = f"http://127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            listener.shutdown()
            thread.join()


def basic(user: str, password: str) -> str:
    """Return the header that carries a user and a password."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
