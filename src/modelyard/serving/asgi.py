"""A small ASGI application: a table of routes, and one sentence for whatever is refused."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]
Lifespan = Callable[[], AbstractAsyncContextManager[None]]

READ = ("GET", "HEAD")


class Application:
    """Answers each request by the handler of its path and method.

    No router and no middleware: they take a third of the time that a small request costs.
    """

    def __init__(self, lifespan: Lifespan, told: str) -> None:
        """`lifespan` is entered before the first request; `told` lists paths for people."""
        self._routes: dict[str, dict[str, Handler]] = {}
        self._lifespan, self._told = lifespan, told

    def knows(self, path: str) -> bool:
        """Say whether there is a path."""
        return path in self._routes

    def add(self, path: str, handler: Handler, *methods: str) -> None:
        """Have a handler answer a path; it may raise an HTTPException with one sentence."""
        self._routes.setdefault(path, {}).update(dict.fromkeys(methods, handler))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        failure = None
        try:
            response = await self._handler(scope)(Request(scope, receive))
        except HTTPException as error:
            response = refusal(error)
        except Exception as error:
            failure, response = error, _failed(error)
        await response(scope, receive, send)
        if failure:
            raise failure  # whoever is around it logs where

    def _handler(self, scope: Scope) -> Handler:
        path, method = scope["path"], scope["method"]
        methods = self._routes.get(path)
        if methods is None:
            raise HTTPException(404, f"There is no {path} here; there are {self._told}.")
        if method not in methods:
            sentence = f"{path} takes {' or '.join(sorted(methods))}, not {method}."
            raise HTTPException(405, sentence, {"Allow": ", ".join(methods)})
        return methods[method]

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        phase = "startup"
        try:
            async with self._lifespan():
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()
        except BaseException:
            await send({"type": f"lifespan.{phase}.failed", "message": ""})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def constant(
    content: bytes | memoryview, media_type: str, headers: dict[str, str] | None = None
) -> Handler:
    """Return a handler of what never changes."""

    async def answer(_: Request) -> Response:
        return Response(content, headers=headers, media_type=media_type)

    return answer


def constant_json(document: object) -> Handler:
    """Return a handler of a document that never changes."""
    return constant(JSONResponse(document).body, "application/json")


def refusal(error: HTTPException) -> Response:
    """Return the answer that tells a client, in one sentence, why it is refused."""
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _failed(error: Exception) -> Response:
    sentence = f"The server failed ({type(error).__name__}); its log says where."
    closed = {"Connection": "close"}  # uvicorn does so, and nobody may send a next request into it
    return JSONResponse({"error": sentence}, HTTPStatus.INTERNAL_SERVER_ERROR, closed)
