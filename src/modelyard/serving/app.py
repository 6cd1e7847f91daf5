"""What the server answers: see `routes` for models, and a page for people."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from .asgi import READ, Application, constant
from .connections import Connection
from .hosts import Hosts
from .metrics import Metrics
from .protocol import add_protocol
from .routes import TOLD, add_models, add_operations
from .served import Served
from .watching import Watched

BACKLOG = 256  # clients that wait to be connected; the server connects them all at once
SECONDS = 10  # that a stopped server gives those who are still sending
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


def application(
    models: Sequence[Served], hosts: Hosts, started: Callable[[], object] = lambda: None
) -> ASGIApp:
    """Return the application that answers for models, of which the first is that of /predict.

    Args:
        models: with names that differ.
        hosts: for which it answers.
        started: called when it answers.
    """
    ready, metrics = False, Metrics()

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        nonlocal ready
        async with AsyncExitStack() as stack:
            for served in models:
                await stack.enter_async_context(served)
            ready = True
            started()
            yield
            ready = False

    app = Application(lifespan, TOLD)
    for file in (file for file in PAGE.iterdir() if file.suffix in TYPES):
        path = "/" if file.name == "index.html" else f"/{file.name}"
        app.add(path, constant(file.read_bytes(), TYPES[file.suffix], HEADERS), *READ)
    add_models(app, models)
    add_operations(app, models, metrics, lambda: ready)
    add_protocol(app, models, lambda: ready)
    return Watched(app, app.knows, hosts, metrics)


def server(app: ASGIApp) -> uvicorn.Server:
    """Return a server of the application."""
    config = uvicorn.Config(
        app,
        log_config=None,  # see `logs`
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        ws="none",
        http=cast("Any", partial(Connection, idle={})),
        backlog=BACKLOG,
        timeout_graceful_shutdown=SECONDS,
    )
    return uvicorn.Server(config)
