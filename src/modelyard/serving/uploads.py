"""Take an example from a request, within bounds: bytes and seconds."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive

from modelyard.errors import UserError
from modelyard.tasks.kinds import Given, Kind, TooLargeError

from .forms import FORM, Upload, field_of, is_text

MEGABYTES = 10  # of a request
SECONDS = 30  # that a client may take to send it
SPILLED = 50  # megabytes more that are taken: a client that still sends may miss the answer
FORM_OF_TEXTS = "application/x-www-form-urlencoded"


async def read_upload(request: Request, kind: Kind) -> Upload:
    """Return an example's bytes, of a form's field or the whole body, and their content type.

    Raises:
        HTTPException: 400, 408, 413, 415, 422 or 503, each with one sentence.
    """
    await check_headers(request, kind.NAME)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    in_form = kind.FIELD and (media == FORM or (media == FORM_OF_TEXTS and is_text(kind)))
    if not in_form and not any(fnmatchcase(media, one) for one in kind.MEDIA):
        raise HTTPException(415, f"The Content-Type is {media or 'missing'}: {kind.HOW}.")
    body = await read_whole(request, kind.NAME)
    return await field_of(request, body, kind) if in_form else (body, media)


def decode(upload: Upload, kind: Kind) -> Given:
    """Return the example as the model takes it.

    Raises:
        HTTPException: 413: it is too large; 422: it cannot be read.
    """
    with _refusals():
        return kind.decode(*upload)


def decode_short(upload: Upload, kind: Kind) -> Given | None:
    """Return the example where decoding it takes but a moment, else None.

    Raises:
        HTTPException: see `decode`.
    """
    with _refusals():
        return kind.decode_short(*upload)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except TooLargeError as error:
        raise HTTPException(413, str(error)) from None
    except UserError as error:
        raise HTTPException(422, str(error)) from None


async def check_headers(request: Request, what: str) -> None:
    """Refuse a request that says that it is too large or compressed.

    Raises:
        HTTPException: 413 or 415.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise HTTPException(415, f"The Content-Encoding is {encoding}; send the {what} without.")
    if int(request.headers.get("content-length", 0)) > MEGABYTES * 10**6:
        if "expect" not in request.headers:  # which asks before it sends
            await _spill(request.receive)
        raise _too_large(what)


async def read_whole(request: Request, what: str) -> bytes:
    """Return the body, whose bytes are counted as they come: Content-Length may be missing.

    Raises:
        HTTPException: 400, 408, 413 or 503, with one sentence on `what` is sent.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                message = await request.receive()
                body += message.get("body", b"")
                if len(body) > MEGABYTES * 10**6:
                    await _spill(request.receive)
                    raise _too_large(what)
                if message["type"] == "http.disconnect":
                    raise HTTPException(400, f"The {what} did not arrive whole.")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise _too_slow(request, what, len(body)) from None
    except asyncio.CancelledError:  # only a server that ends cancels, and it has waited before
        raise HTTPException(503, f"The server ends and the {what} had not arrived.") from None


async def _spill(receive: Receive) -> None:
    """Take what is still sent, within bounds: a connection that closes before drops the answer."""
    left, more = SPILLED * 10**6, True
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            while more and left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                more = message.get("more_body", False)


def _too_slow(request: Request, what: str, arrived: int) -> HTTPException:
    length = request.headers.get("content-length")
    wanted = f" of the {length} that its Content-Length announces" if length else ""
    return HTTPException(
        408,
        f"The {what} did not arrive in {SECONDS} seconds: {arrived} bytes came{wanted}; check "
        "Content-Length, or send it over a faster connection.",
    )


def _too_large(what: str) -> HTTPException:
    return HTTPException(413, f"The request is larger than {MEGABYTES} MB; send a smaller {what}.")
