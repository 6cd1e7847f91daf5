"""The routes of the Open Inference Protocol V2."""

import asyncio
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modelyard.errors import UserError

from .asgi import READ, Application, Handler, constant_json
from .inference import (
    HEADER,
    Wanted,
    encoded,
    model_metadata,
    read_request,
    response,
    server_metadata,
)
from .routes import state
from .served import MOST, Example, Served
from .uploads import check_headers, read_whole

WHAT = "inference request"
JSON, BYTES = "application/json", "application/octet-stream"


def add_protocol(app: Application, models: Sequence[Served], is_ready: Callable[[], bool]) -> None:
    """Have an application answer by the protocol for models."""
    ready = state({"ready": True}, {"ready": False}, is_ready)
    app.add("/v2", constant_json(server_metadata(version("modelyard"))), *READ)
    app.add("/v2/health/live", constant_json({"live": True}), *READ)
    app.add("/v2/health/ready", ready, *READ)
    for served in models:
        name, path = served.name, f"/v2/models/{served.name}"
        about = model_metadata(name, served.predictor, served.version)
        paths = [path, *([f"{path}/versions/{served.version}"] if served.version else [])]
        for one in paths:
            app.add(one, constant_json(about), *READ)
            app.add(f"{one}/ready", ready, *READ)
            app.add(f"{one}/infer", _infer(name, served), "POST")


def _infer(name: str, served: Served) -> Handler:
    async def infer(request: Request) -> Response:
        async with served.places:
            await check_headers(request, WHAT)
            body = await read_whole(request, WHAT)
            length = request.headers.get(HEADER)
            try:
                wanted = await served.in_thread(read_request, body, length, served.predictor.kind)
                values = await _outputs(served, wanted)
            except UserError as error:
                raise HTTPException(400, str(error)) from None
            return await served.in_thread(_response, name, served.version, wanted, values)

    return infer


async def _outputs(served: Served, wanted: Wanted) -> np.ndarray:
    """Return the raw outputs (batch, …); other requests have their turn between batches.

    Raises:
        UserError: an output is not finite, or they differ in shape.
    """
    found: list[Any] = []
    for start in range(0, len(wanted.givens), MOST):
        some = wanted.givens[start : start + MOST]
        said = [served.batcher(Example(one, raw=True)) for one in some]
        found += await asyncio.gather(*said)
    for one in found:
        if isinstance(one, UserError):
            raise one
    if len({one.shape for one in found}) > 1:
        raise UserError("The outputs differ in shape; send one example at a time.")
    return np.stack(found).astype(np.float32)


def _response(name: str, version: str | None, wanted: Wanted, values: np.ndarray) -> Response:
    document = response(name, version, wanted, values)
    body, length = encoded(document, values, binary=wanted.binary)
    if not wanted.binary:
        return Response(body, media_type=JSON)
    return Response(body, headers={HEADER: str(length)}, media_type=BYTES)
