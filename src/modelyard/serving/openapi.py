"""GET /openapi.json: what the server takes and answers, in OpenAPI 3.1, for the models it has."""

from collections.abc import Mapping
from urllib.parse import quote

from modelyard.tasks.answer_schema import answer_schema
from modelyard.tasks.kinds import Kind

from .inference_schema import inference_paths
from .operations import FORM, FORM_OF_TEXTS, JSON, PLAIN, REFUSALS, Document, answers, error, read
from .predicting import Predicting


def openapi(models: Mapping[str, Predicting], version: str) -> Document:
    """Return the document.

    Args:
        models: by the name in their paths; /predict and /model are those of the first.
        version: of the engine.
    """
    first = next(iter(models.values()))
    paths = {"/predict": {"post": _predict(first, "predict")}, "/model": {"get": _about("model")}}
    paths["/examples"] = {"get": _examples("examples")}
    for name, predictor in models.items():
        path, number = f"/models/{quote(name, safe='@')}", f"_{name}"
        paths[path] = {"get": _about(f"model{number}")}
        paths[f"{path}/examples"] = {"get": _examples(f"examples{number}")}
        paths[f"{path}/predict"] = {"post": _predict(predictor, f"predict{number}")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": ", ".join(models),
            "version": version,
            "description": "Every error is a JSON object whose key `error` is one sentence.",
        },
        "paths": {**paths, **_operations([*models]), **inference_paths(models)},
        "components": {"schemas": {"Error": error()}},
    }


def _predict(predictor: Predicting, name: str) -> Document:
    kind = predictor.kind
    told = kind.told_schema()
    answer = {
        "type": "object",
        "properties": {**told, "predictions": answer_schema(predictor.about)},
        "required": ["predictions"],
    }
    return {
        "operationId": name,
        "summary": f"What the model says of {kind.one()}",
        "description": f"{kind.HOW[0].upper()}{kind.HOW[1:]}.",
        "requestBody": {"required": True, "content": _bodies(kind)},
        "responses": answers({JSON: {"schema": answer}}, *REFUSALS),
    }


def _bodies(kind: Kind) -> Document:
    """Return the schemas of a request by content type."""
    found: Document = {}
    for media in kind.MEDIA:
        found[media] = {"schema": {"type": "string", "format": "binary"}}
        if media == PLAIN:
            found[media] = {"schema": {"type": "string", "minLength": 1}}
        if media == JSON:
            found[media] = {"schema": kind.schema()}
    if kind.FIELD:
        text = PLAIN in kind.MEDIA
        one = {"type": "string"} | ({"minLength": 1} if text else {"format": "binary"})
        form = {
            "type": "object",
            "properties": {kind.FIELD: one},
            "required": [kind.FIELD],
        }
        found |= {FORM: {"schema": form}} | ({FORM_OF_TEXTS: {"schema": form}} if text else {})
    return found


def _about(name: str) -> Document:
    keys = ("name", "task", "input", "output", "classes", "how")
    schema = {"type": "object", "required": [*keys]}
    return read(name, "What is known of the model", {JSON: {"schema": schema}})


def _examples(name: str) -> Document:
    one = {"type": "object", "required": ["label", "given"]}
    examples = {"examples": {"type": "array", "items": one}}
    schema = {"type": "object", "properties": examples, "required": ["examples"]}
    return read(name, "A few examples to try", {JSON: {"schema": schema}})


def _operations(names: list[str]) -> Document:
    """Return the paths that are of no one model."""
    status = {"status": {"type": "string"}, "model": {"type": "string"}}
    one = {"type": "object", "properties": status, "required": ["status"]}
    listed = {"type": "array", "items": {"type": "object", "required": ["name", "task"]}}
    models = {"type": "object", "properties": {"models": listed}, "required": ["models"]}
    text = {"type": "string"}
    return {
        "/health": {"get": read("health", "Whether the process lives", {JSON: {"schema": one}})},
        "/ready": {"get": read("ready", "Whether to send requests", {JSON: {"schema": one}})},
        "/models": {"get": read("models", ", ".join(names), {JSON: {"schema": models}})},
        "/metrics": {"get": read("metrics", "For Prometheus", {PLAIN: {"schema": text}})},
    }
