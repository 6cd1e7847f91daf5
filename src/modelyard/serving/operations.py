"""What the operations of /openapi.json have in common: content types, errors, answers."""

from typing import Any

Document = dict[str, Any]

JSON, PLAIN, FORM = "application/json", "text/plain", "multipart/form-data"
FORM_OF_TEXTS = "application/x-www-form-urlencoded"
ERROR = {"$ref": "#/components/schemas/Error"}
REFUSALS = {
    400: "The request is malformed.",
    408: "The example did not arrive in time.",
    413: "The request, or the example in it, is too large.",
    415: "The Content-Type is not one that the model takes.",
    422: "The example cannot be read, or is not what the model takes.",
}
EVERYWHERE = {
    421: "The server does not answer for the name in the header Host.",
    500: "The server failed; its log says where.",
    503: "The server is full, or ends.",
}


def answers(content: Document, *statuses: int, text: str = "The answer.") -> Document:
    """Return the responses of an operation: `content` by media type, and errors."""
    known = REFUSALS | EVERYWHERE | {404: "There is no such model."}
    errors = {
        str(status): {"description": known[status], "content": {JSON: {"schema": ERROR}}}
        for status in sorted({*statuses, *EVERYWHERE})
    }
    return {"200": {"description": text, "content": content}, **errors}


def error() -> Document:
    """Return the schema of every error."""
    return {
        "type": "object", "required": ["error"], "properties": {"error": {"type": "string"}},
        "additionalProperties": False,
    }  # fmt: skip


def read(name: str, summary: str, content: Document, *statuses: int) -> Document:
    """Return an operation that only reads."""
    return {"operationId": name, "summary": summary, "responses": answers(content, *statuses)}
