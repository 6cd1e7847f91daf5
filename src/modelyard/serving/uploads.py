"""Take an image from a request, within bounds: bytes, pixels and seconds."""

import asyncio
import io
from contextlib import suppress

import numpy as np
from fastapi import HTTPException, Request
from PIL import Image
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from modelyard.config.image_section import ImageReading
from modelyard.data.images import known_formats, open_image, picture_of
from modelyard.errors import UserError

from .predictor import Size

MEGABYTES = 10  # of a request
MEGAPIXELS = 50  # what the largest cameras give; a small file can unpack to much more
SECONDS = 30  # that a client may take to send it
PARTS = 8  # of a form
SPILLED = 50  # megabytes more that are taken: a client that still sends may miss the answer
HOW = (
    "send one as the field `image` of a form (curl -F image=@digit.png), or as the body with a "
    "Content-Type such as image/png"
)


async def read_upload(request: Request) -> bytes:
    """Return the image's bytes, of a form's field `image` or the whole body.

    Raises:
        HTTPException: 400, 408, 413, 415, 422 or 503, each with one sentence.
    """
    if int(request.headers.get("content-length", 0)) > MEGABYTES * 10**6:
        if "expect" not in request.headers:  # which asks before it sends
            await _spill(request.receive)
        raise _too_large()
    request = Request(request.scope, _bounded(request.receive))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        async with asyncio.timeout(SECONDS):
            if kind == "multipart/form-data":
                return await _field(request)
            if kind.startswith("image/") or kind == "application/octet-stream":
                return await request.body()
    except TimeoutError:
        raise HTTPException(408, f"The image did not arrive in {SECONDS} seconds.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The image did not arrive whole.") from None
    except asyncio.CancelledError:  # only a server that ends cancels, and it has waited before
        raise HTTPException(503, "The server ends and the image had not arrived.") from None
    raise HTTPException(415, f"The Content-Type is {kind or 'missing'}: {HOW}.")


def decode(upload: bytes, reading: ImageReading) -> tuple[np.ndarray, Size]:
    """Return the image as the model takes it, and its (height, width), see `Picture.size`.

    Raises:
        HTTPException: 413: too many pixels; 422: it cannot be read as an image.
    """
    too_many = HTTPException(413, f"The image has more than {MEGAPIXELS} megapixels.")
    try:
        with open_image(io.BytesIO(upload)) as image:
            if image.height * image.width > MEGAPIXELS * 10**6:
                raise too_many
            return picture_of(image, reading)[:2]
    except (HTTPException, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_many from None
    except UserError as error:
        raise HTTPException(422, f"The image cannot be read: {error}.") from None
    except Exception:  # a damaged file makes decoders raise errors of many kinds
        raise HTTPException(
            422,
            "What was sent cannot be read as an image; it may be "
            f"{known_formats()}, and must be whole.",
        ) from None


async def _field(request: Request) -> bytes:
    try:
        async with request.form(max_files=PARTS, max_fields=PARTS) as form:
            found = form.getlist("image")
            if len(found) == 1 and isinstance(found[0], UploadFile):
                return await found[0].read()
    except ValueError as error:  # of an alphabet that is none
        raise HTTPException(400, f"The form cannot be read ({error}): {HOW}.") from None
    number = f"{len(found)} fields `image`" if len(found) != 1 else "a field `image` of text"
    raise HTTPException(422, f"The form has {number} where it needs one file: {HOW}.")


def _bounded(receive: Receive) -> Receive:
    """Count the bytes as they come: Content-Length may be missing."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MEGABYTES * 10**6:
            await _spill(receive)
            raise _too_large()
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


def _too_large() -> HTTPException:
    return HTTPException(413, f"The request is larger than {MEGABYTES} MB; send a smaller image.")
