"""gcp-storage-emulator in memory, with preconditions and threads: `python gs.py PORT`.

A precondition holds when an upload becomes an object, as with the real one: of several uploads
that found nothing, one wins.
"""

import sys
import threading
from collections.abc import Callable
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage

LOCK = threading.Lock()


class PreconditionError(Exception):
    """An object has another generation than the upload asked for."""


class Generations(Storage):  # type: ignore[misc]
    """Objects that are made only if they have the generation that `wanted` names, 0 for none."""

    wanted: str | None = None

    def __init__(self) -> None:
        """Keep everything in memory."""
        super().__init__(use_memory_fs=True)
        self.parts: dict[str, list[bytes]] = {}

    def get_resumable_byte_count(self, upload: str) -> int:
        """Return how much of an upload is here."""
        return sum(map(len, self.parts.get(upload, ())))

    def add_to_resumable_upload(
        self,
        upload: str,
        content: bytes,
        total_size: int | None = None,
        expected_start: int | None = None,  # noqa: ARG002  (clients here send all in order)
    ) -> bytes | None:
        """Keep a part; return everything if it was the last. The original joins them each time."""
        self.parts.setdefault(upload, []).append(content)
        if self.get_resumable_byte_count(upload) != total_size:
            return None
        return b"".join(self.parts.pop(upload))

    def create_file(self, bucket: str, name: str, *rest: Any) -> None:
        """Make an object."""
        there = self.objects.get(bucket, {}).get(name, {}).get("generation", "0")
        if self.wanted is not None and self.wanted != there:
            raise PreconditionError(name)
        super().create_file(bucket, name, *rest)


class Handler(RequestHandler):  # type: ignore[misc]
    """One request after the other; what it was asked goes to standard error."""

    def do_GET(self) -> None:  # noqa: N802
        """Answer."""
        self._one_by_one(super().do_GET)

    def do_POST(self) -> None:  # noqa: N802
        """Answer, or refuse by the precondition."""
        self._one_by_one(super().do_POST)

    def do_PUT(self) -> None:  # noqa: N802
        """Answer, or refuse by the precondition."""
        self._one_by_one(super().do_PUT)

    def do_DELETE(self) -> None:  # noqa: N802
        """Answer; the end of an upload that is given up has a status of its own."""
        if urlparse(self.path).path.startswith("/upload/"):
            self.send_error(499, "Client Closed Request")
        else:
            self._one_by_one(super().do_DELETE)

    def log_message(self, *words: Any) -> None:
        """Say what was asked."""
        print(words[0] % words[1:], file=sys.stderr, flush=True)

    def _one_by_one(self, answer: Callable[[], None]) -> None:
        query = parse_qs(urlparse(self.path).query)
        with LOCK:
            self.storage.wanted = query.get("ifGenerationMatch", [None])[0]
            try:
                answer()
            except PreconditionError:
                self.send_error(412, "Precondition Failed")


class Server(ThreadingHTTPServer):
    """Takes many connections at once, as `dvc push` opens them.

    Beyond the five that may wait by default, a client tries again after a second, then after two.
    """

    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), partial(Handler, Generations())).serve_forever()
