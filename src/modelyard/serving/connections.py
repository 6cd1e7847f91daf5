"""Bound how long, and for how many clients at a time, the server waits for a request to begin."""

import asyncio
import json
import sys
from typing import Any

from httptools import HttpParserInvalidMethodError
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from .logs import complain

OPEN = 512  # connections at a time; for one more, the one that has been idle longest is closed
HEAD_SECONDS = 10  # for the first byte of a request, and for all lines of its head
HEAD_BYTES = 64 * 1024  # of a request's line and headers
READ_SECONDS = 30  # that a client may leave an answer unread

Idle = dict["Connection", None]
"""The connections that the server waits for, those that it has waited for longest first."""


class Connection(HttpToolsProtocol):
    """A client's connection, which is closed where the server would wait too long for it."""

    def __init__(self, *arguments: Any, idle: Idle, **named: Any) -> None:
        """Take what uvicorn passes on, and the connections that are idle."""
        super().__init__(*arguments, **named)
        self._idle = idle
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None  # while the client does not read
        self._in_head, self._head = False, 0  # whether a head has begun, and its bytes
        self._requests = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; close another connection if there are too many."""
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > OPEN:
            longest = next(iter(self._idle))  # there is one: this one is idle too
            longest._stop_waiting()
            longest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self._stop_unread()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on what came; bound the head of a request."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self._refuse(431, f"The headers have more than {HEAD_BYTES // 1024} KB; send less.")
                return
        if self._timer is None and not self._answering():  # a further request of this connection
            self._await_head()

    def on_message_begin(self) -> None:
        """Begin to count what a request's head has."""
        super().on_message_begin()
        self._in_head, self._head = True, 0

    def on_headers_complete(self) -> None:
        """Stop waiting: the request has begun."""
        self._stop_waiting()
        self._in_head, self._requests = False, self._requests + 1
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, which uvicorn bounds."""
        super().on_response_complete()
        if not self._answering():
            self._idle[self] = None

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with bytes that are not a request."""
        del msg
        self._refuse(400, self._why(sys.exception()))

    def pause_writing(self) -> None:
        """Wait for a client that does not read, but not for ever."""
        super().pause_writing()
        self._unread = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing: the client reads."""
        self._stop_unread()
        super().resume_writing()

    def _stop_unread(self) -> None:
        if self._unread:
            self._unread.cancel()
            self._unread = None

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_head(self) -> None:
        self._idle[self] = None
        self._timer = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _stop_waiting(self) -> None:
        self._idle.pop(self, None)
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        if self._in_head:
            sentence = f"The headers did not arrive in {HEAD_SECONDS} seconds; end them sooner."
            self._refuse(408, sentence)
        else:
            self.transport.close()  # nothing was asked

    def _why(self, error: BaseException | None) -> str:
        said = str(error).rstrip(".") or type(error).__name__
        if self._answering() and self.cycle.more_body:
            return (
                f"The request's body cannot be read ({said}): send it with its length in bytes as "
                "Content-Length, or in the chunks of HTTP/1.1."
            )
        if self._requests and isinstance(error, HttpParserInvalidMethodError):
            return (
                "What follows the request's body is not another request: its Content-Length is "
                "probably smaller than its body; send the body's length in bytes."
            )
        return f"The request cannot be read ({said}): send it as HTTP/1.1 has it, as curl does."

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer outside of any request, and close."""
        complain("refused", sentence, status=status, client=self.client and self.client[0])
        body = json.dumps({"error": sentence}).encode()
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()
