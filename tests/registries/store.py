"""An HTTP store of files: WsgiDAV behind a layer that lets only the bearer of a token in."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server
from wsgidav.wsgidav_app import WsgiDAVApp

Start = Callable[..., Any]


@dataclass
class FileServer:
    """What was asked of the store.

    Attributes:
        address: host and port.
        requests: method and path of each, refused ones included.
        received: bytes of all bodies.
    """

    application: Callable[[dict[str, Any], Start], Iterable[bytes]]
    token: str
    address: str = ""
    requests: list[str] = field(default_factory=list)
    received: int = 0

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Let a request through if it carries the token."""
        self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {self.token}":
            start("401 Unauthorized", [("Content-Length", "0"), ("WWW-Authenticate", "Bearer")])
            return []
        self.received += int(environ.get("CONTENT_LENGTH") or 0)
        return self.application(environ, start)


@contextmanager
def file_store(folder: Path, token: str) -> Iterator[FileServer]:
    """Serve a folder over WebDAV to those who have the token."""
    folder.mkdir(parents=True)
    application = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(folder)},
            "simple_dc": {"user_mapping": {"*": True}},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    store = FileServer(application, token)
    server = Server(("127.0.0.1", 0), store)
    server.prepare()
    store.address = f"127.0.0.1:{server.bind_addr[1]}"
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield store
    finally:
        server.stop()
        thread.join()
