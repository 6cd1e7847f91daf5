"""What the server answers: /predict, /model, /health, and a page for people."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from modelyard.errors import UserError
from modelyard.tasks.kinds import Given

from .about import describe
from .batching import Batcher
from .predicting import NotFiniteError, Predicting
from .uploads import decode, read_upload

Answer = dict[str, Any] | UserError

MOST = 32  # examples in a batch
DECODERS = 2  # threads that decode: an image may take hundreds of megabytes
CONNECTIONS = 128  # at a time; each may hold an upload
SECONDS = 10  # that a stopped server gives those who are still sending
READ = ["GET", "HEAD"]
PAGE = Path(__file__).with_name("page")
TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (  # the page asks this server and nobody else
        "default-src 'none'; connect-src 'self'; img-src blob: data:; script-src 'self'; "
        "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}


def create_app(predictor: Predicting, started: Callable[[], object] = lambda: None) -> FastAPI:
    """Return the application that answers for a model; it calls `started` when it does."""
    about = describe(predictor)
    batcher = Batcher(partial(_answers, predictor), MOST)
    decoders = ThreadPoolExecutor(DECODERS, "decoders")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with decoders:
            async with batcher:
                started()
                yield

    app = FastAPI(openapi_url=None, lifespan=lifespan)  # its documentation pages load a CDN
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(Exception)(_failed)
    for file in (file for file in PAGE.iterdir() if file.suffix in TYPES):
        path = "/" if file.name == "index.html" else f"/{file.name}"
        app.add_api_route(path, _page(file), methods=READ)

    @app.api_route("/health", methods=READ)
    async def health() -> Response:
        return JSONResponse({"status": "ok", "model": about["name"]})

    @app.api_route("/model", methods=READ)
    async def model() -> Response:
        return JSONResponse(about)

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        upload = await read_upload(request, predictor.kind)
        loop = asyncio.get_running_loop()
        given = await loop.run_in_executor(decoders, decode, upload, predictor.kind)
        found = await batcher(given)
        if isinstance(found, UserError):
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(found))
        return JSONResponse(found)

    return app


def server(app: FastAPI) -> uvicorn.Server:
    """Return a server of the application; whoever comes when it is full gets a 503."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="none",
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=SECONDS,
    )
    return uvicorn.Server(config)


def _answers(predictor: Predicting, givens: list[Given]) -> list[Answer]:
    """Return an answer to each; what the model cannot answer does not fail its company."""
    try:
        return [*predictor.answers(givens)]
    except NotFiniteError:
        if len(givens) == 1:
            sentence = predictor.blame()
            return [UserError(f"{sentence[0].upper()}{sentence[1:]}.")]
        return [answer for one in givens for answer in _answers(predictor, [one])]


def _page(file: Path) -> Callable[[], Awaitable[Response]]:
    content = file.read_bytes()

    async def page() -> Response:
        return Response(content, headers=HEADERS, media_type=TYPES[file.suffix])

    return page


async def _refused(request: Request, error: HTTPException) -> Response:
    """Answer every refusal with one sentence, also those of the framework."""
    sentence, path = error.detail, request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND:
        sentence = f"There is no {path} here; there are /, /health, /model and /predict."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = sorted((error.headers or {}).get("Allow", "another method").split(", "))
        sentence = f"{path} takes {' or '.join(allowed)}, not {request.method}."
    return JSONResponse({"error": sentence}, error.status_code, error.headers)


async def _failed(_: Request, error: Exception) -> Response:
    sentence = f"The server failed ({type(error).__name__}); its log says where."
    closed = {"Connection": "close"}  # uvicorn does so, and nobody may send a next request into it
    return JSONResponse({"error": sentence}, HTTPStatus.INTERNAL_SERVER_ERROR, closed)
