"""The routes of the models that are served, and of those who operate the server."""

from collections.abc import Callable, Sequence
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .asgi import READ, Application, Handler, constant_json
from .metrics import MEDIA, Metrics
from .openapi import openapi
from .served import Served

TOLD = "/, /predict, /model, /models, /examples, /health, /ready, /metrics, /openapi.json and /v2"


def add_models(app: Application, models: Sequence[Served]) -> None:
    """Have an application answer for models by name, and for the first one without."""
    for served in models:
        app.add(f"/models/{served.name}", constant_json(served.about), *READ)
        app.add(f"/models/{served.name}/examples", served.examples, *READ)
        app.add(f"/models/{served.name}/predict", served.predict, "POST")
    app.add("/models", constant_json({"models": [_listed(one) for one in models]}), *READ)
    app.add("/model", constant_json(models[0].about), *READ)
    app.add("/examples", models[0].examples, *READ)
    app.add("/predict", models[0].predict, "POST")


def add_operations(
    app: Application, models: Sequence[Served], metrics: Metrics, is_ready: Callable[[], bool]
) -> None:
    """Have an application say how it fares, and what it takes."""
    for served in models:
        metrics.add_model(served.name, served.version, served.about)
        served.batch_of = metrics.batch_of(served.name)
    predictors = {one.name: one.predictor for one in models}
    app.add("/openapi.json", constant_json(openapi(predictors, version("modelyard"))), *READ)
    app.add("/health", constant_json({"status": "ok", "model": models[0].name}), *READ)
    app.add("/ready", state({"status": "ready"}, {"status": "not ready"}, is_ready), *READ)
    app.add("/metrics", _page(metrics), *READ)


def state(yes: object, no: object, is_so: Callable[[], bool]) -> Handler:
    """Return a handler of a document with 200, or of another with 503."""

    async def answer(_: Request) -> Response:
        return JSONResponse(yes) if is_so() else JSONResponse(no, 503)

    return answer


def _listed(served: Served) -> dict[str, object]:
    """Return what /models says of each model; `url` is where the rest is."""
    return {
        "name": served.name,
        "version": served.version,
        "task": served.about["task"],
        "url": f"/models/{served.name}",
    }


def _page(metrics: Metrics) -> Handler:
    async def page(_: Request) -> Response:
        return Response(metrics.page(), headers={"Content-Type": MEDIA})

    return page
