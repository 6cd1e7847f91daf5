"""Take an example from a request, within bounds: bytes and seconds."""

import asyncio
from contextlib import suppress
from fnmatch import fnmatchcase

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from modelyard.errors import UserError
from modelyard.tasks.kinds import Given, Kind, TooLargeError

Upload = tuple[bytes, str]  # with its content type

MEGABYTES = 10  # of a request
SECONDS = 30  # that a client may take to send it
PARTS = 8  # of a form
SPILLED = 50  # megabytes more that are taken: a client that still sends may miss the answer
PLAIN = "text/plain"
FORM, FORM_OF_TEXTS = "multipart/form-data", "application/x-www-form-urlencoded"


async def read_upload(request: Request, kind: Kind) -> Upload:
    """Return an example's bytes, of a form's field or the whole body, and their content type.

    Raises:
        HTTPException: 400, 408, 413, 415, 422 or 503, each with one sentence.
    """
    if int(request.headers.get("content-length", 0)) > MEGABYTES * 10**6:
        if "expect" not in request.headers:  # which asks before it sends
            await _spill(request.receive)
        raise _too_large(kind)
    request = Request(request.scope, _bounded(request.receive, kind))
    media = _media(request.headers.get("content-type", ""))
    try:
        async with asyncio.timeout(SECONDS):
            if kind.FIELD and (media == FORM or (media == FORM_OF_TEXTS and _is_text(kind))):
                return await _field(request, kind, kind.FIELD)
            if any(fnmatchcase(media, one) for one in kind.MEDIA):
                return await request.body(), media
    except TimeoutError:
        raise HTTPException(408, f"The {kind.NAME} did not arrive in {SECONDS} seconds.") from None
    except ClientDisconnect:
        raise HTTPException(400, f"The {kind.NAME} did not arrive whole.") from None
    except asyncio.CancelledError:  # only a server that ends cancels, and it has waited before
        raise HTTPException(503, f"The server ends and the {kind.NAME} had not arrived.") from None
    raise HTTPException(415, f"The Content-Type is {media or 'missing'}: {kind.HOW}.")


def decode(upload: Upload, kind: Kind) -> Given:
    """Return the example as the model takes it.

    Raises:
        HTTPException: 413: it is too large; 422: it cannot be read.
    """
    try:
        return kind.decode(*upload)
    except TooLargeError as error:
        raise HTTPException(413, str(error)) from None
    except UserError as error:
        raise HTTPException(422, str(error)) from None


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _is_text(kind: Kind) -> bool:
    return PLAIN in kind.MEDIA


async def _field(request: Request, kind: Kind, name: str) -> Upload:
    """Return the one field of a form that holds the example; a text need not be a file."""
    as_text = _is_text(kind)
    try:
        async with request.form(
            max_files=PARTS, max_fields=PARTS, max_part_size=MEGABYTES * 10**6
        ) as form:
            found = form.getlist(name)
            if len(found) == 1 and isinstance(found[0], UploadFile):
                return await found[0].read(), PLAIN if as_text else _media(
                    found[0].content_type or ""
                )
            if len(found) == 1 and as_text:
                return str(found[0]).encode(errors="surrogatepass"), PLAIN
    except ValueError as error:  # of an alphabet that is none
        raise HTTPException(400, f"The form cannot be read ({error}): {kind.HOW}.") from None
    number = f"{len(found)} fields `{name}`" if len(found) != 1 else f"a field `{name}` of text"
    needed = "one" if as_text else "one file"
    raise HTTPException(422, f"The form has {number} where it needs {needed}: {kind.HOW}.")


def _bounded(receive: Receive, kind: Kind) -> Receive:
    """Count the bytes as they come: Content-Length may be missing."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MEGABYTES * 10**6:
            await _spill(receive)
            raise _too_large(kind)
        return message

    return bounded


async def _spill(receive: Receive) -> None:
    """Take what is still sent, within bounds: a connection that closes before drops the answer."""
    left, more = SPILLED * 10**6, True
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            while more and left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                more = message.get("more_body", False)


def _too_large(kind: Kind) -> HTTPException:
    return HTTPException(
        413, f"The request is larger than {MEGABYTES} MB; send a smaller {kind.NAME}."
    )
