"""A Hugging Face Hub on loopback, as far as huggingface_hub asks one for models' files.

Paths, headers and answers are those of https://huggingface.co/docs/hub/api; large files go by
Git LFS. Content is kept in memory; a commit that names another parent than the newest is refused.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

import pytest

LFS = ".keras"  # what the Hub's own .gitattributes would say
LOCK = threading.Lock()


@dataclass
class Repository:
    """Files by their paths."""

    private: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=lambda: ["Initial commit"])

    @property
    def sha(self) -> str:
        """The newest commit."""
        return hashlib.sha1("\n".join(self.commits).encode()).hexdigest()  # noqa: S324


@dataclass
class Hub:
    """What the server knows.

    Attributes:
        tokens: which may write, and see what is private.
        asked: method, path and token of every request.
    """

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {"hf_writes"})
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def hub() -> Iterator[Hub]:
    """Serve a Hub to this process's huggingface_hub until the block ends."""
    from huggingface_hub import HfFileSystem, constants

    found = Hub()
    handler = type("Handler", (_Handler,), {"hub": found})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        with pytest.MonkeyPatch.context() as patch:
            template = constants.HUGGINGFACE_CO_URL_TEMPLATE
            ours = template.replace(constants.ENDPOINT, found.url)
            patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", ours)
            patch.setattr(constants, "ENDPOINT", found.url)  # what HF_ENDPOINT is at import
            patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
            patch.setenv("HF_TOKEN", "")
            try:
                yield found
            finally:
                HfFileSystem.clear_instance_cache()
                server.shutdown()
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell of a repository, its files, or what one holds."""
        with LOCK:
            parts = self._parts()
            if parts[:2] == ["api", "models"]:
                if (found := self._repository("/".join(parts[2:4]))) is None:
                    return
                if parts[4:5] == ["tree"]:
                    self._json(_tree(found, "/".join(parts[6:])))
                else:
                    about = {"id": "/".join(parts[2:4]), "sha": found.sha, "private": found.private}
                    self._json(about | {"siblings": [], "tags": [], "downloads": 0, "likes": 0})
            elif (found := self._repository("/".join(parts[:2]))) is not None:
                self._content(found, "/".join(parts[4:]))

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Take what is to be committed."""
        body = self._body()
        with LOCK:
            parts = self._parts()
            if parts[-1] == "validate-yaml":
                self._json({"errors": [], "warnings": []})
                return
            api = parts[0] == "api"
            found = self._repository("/".join(parts[2:4] if api else parts[:2]), write=True)
            if found is None:
                return
            if parts[-1] == "batch":
                self._json({"transfer": "basic", "objects": self._uploads(json.loads(body))})
            elif parts[4] == "paths-info":
                paths = parse_qs(body.decode())["paths"]
                folders = {path.rpartition("/")[0] for path in paths}
                listed = [one for folder in folders for one in _tree(found, folder)]
                self._json([one for one in listed if one["path"] in paths])
            elif parts[4] == "preupload":
                self._json({"files": [_mode(one) for one in json.loads(body)["files"]]})
            else:
                self._commit(found, [json.loads(line) for line in body.splitlines() if line])

    def do_PUT(self) -> None:
        """Take a large file."""
        content = self._body()
        with LOCK:
            self.hub.objects[hashlib.sha256(content).hexdigest()] = content
            self._parts()
            self._answer(200)

    def log_message(self, *words: Any) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        if length := self.headers.get("Content-Length"):
            return self.rfile.read(int(length))
        parts = []
        while size := int(self.rfile.readline(), 16):  # as huggingface_hub 1 sends a commit
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _parts(self) -> list[str]:
        path = urlparse(self.path).path
        self.hub.asked.append((self.command, path, self._token()))
        return [unquote(part) for part in path.strip("/").split("/")]

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _repository(self, name: str, *, write: bool = False) -> Repository | None:
        """Return a repository, or answer why there is none to see."""
        token, found = self._token(), self.hub.repositories.get(name.removesuffix(".git"))
        if token and token not in self.hub.tokens:
            self._refuse(401, message="Invalid credentials in Authorization header")
        elif found is None or (found.private and not token):
            self._refuse(404 if token else 401, code="RepoNotFound", message="Repository not found")
        elif write and not token:
            self._refuse(401, message="Invalid username or password.")
        else:
            return found
        return None

    def _content(self, found: Repository, path: str) -> None:
        content = found.files.get(path)
        if content is None:
            self._refuse(404, code="EntryNotFound", message="Entry not found")
            return
        first, status = 0, 200
        last = len(content) - 1
        if span := self.headers.get("Range"):
            first, last = (int(part) for part in span.removeprefix("bytes=").split("-"))
            content, status = content[first : last + 1], 206
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": found.sha}
        self._answer(status, content, headers | {"Content-Range": f"bytes {first}-{last}/*"})

    def _uploads(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {**one, "actions": {"upload": {"href": f"{self.hub.url}/lfs/{one['oid']}"}}}
            for one in asked["objects"]
        ]

    def _commit(self, found: Repository, lines: list[dict[str, Any]]) -> None:
        header, *rest = lines
        if header["value"].get("parentCommit", found.sha) != found.sha:
            self._refuse(412, message="A commit has happened since. Please refresh and try again.")
            return
        for one in rest:
            value = one["value"]
            if one["key"] == "lfsFile":
                found.files[value["path"]] = self.hub.objects[value["oid"]]
            elif one["key"] == "deletedFile":
                del found.files[value["path"]]
            else:
                found.files[value["path"]] = base64.b64decode(value["content"])
        found.commits.append(header["value"]["summary"])
        where = "/".join(self._parts()[2:4])
        url = f"{self.hub.url}/{where}/commit/{found.sha}"
        self._json({"commitUrl": url, "commitOid": found.sha})

    def _refuse(self, status: int, *, message: str, code: str = "") -> None:
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        self._answer(status, json.dumps({"error": message}).encode(), headers)

    def _json(self, document: Any) -> None:
        self._answer(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _answer(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _tree(found: Repository, folder: str) -> list[dict[str, Any]]:
    """Return what lies in a folder, itself left out, not what lies in folders in it."""
    prefix, entries = f"{folder}/" if folder else "", {}
    for path, content in sorted(found.files.items()):
        if not path.startswith(prefix):
            continue
        name, slash, _ = path.removeprefix(prefix).partition("/")
        oid = hashlib.sha1(content).hexdigest()  # noqa: S324
        kind = {"type": "directory", "size": 0} if slash else {"type": "file", "size": len(content)}
        entries[name] = {"path": f"{prefix}{name}", "oid": oid} | kind
    return list(entries.values())


def _mode(file: dict[str, Any]) -> dict[str, Any]:
    mode = "lfs" if file["path"].endswith(LFS) else "regular"
    return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
