"""Take an example out of a form, or say what is wrong with the form."""

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from modelyard.tasks.kinds import Kind

Upload = tuple[bytes, str]  # with its content type

PARTS = 100  # of a form; more would only cost time
PLAIN, FORM = "text/plain", "multipart/form-data"
SHOWN = 40  # characters of a form's first line


def is_text(kind: Kind) -> bool:
    """Say whether an example is a text, which need not be a file of a form."""
    return PLAIN in kind.MEDIA


async def field_of(request: Request, body: bytes, kind: Kind) -> Upload:
    """Return the one field of a form that holds the example, and its content type.

    Raises:
        HTTPException: 400: it is not a form as its header says; 422: it has another field.
    """
    if request.headers["content-type"].lower().startswith(FORM):
        _check_boundary(request.headers, body, kind)
    name, as_text = str(kind.FIELD), is_text(kind)

    async def whole() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, whole).form(
            max_files=PARTS, max_fields=PARTS, max_part_size=len(body)
        ) as form:
            found = form.getlist(name)
            if len(found) == 1 and isinstance(found[0], UploadFile):
                media = (found[0].content_type or "").partition(";")[0].strip().lower()
                return await found[0].read(), PLAIN if as_text else media
            if len(found) == 1 and as_text:
                return str(found[0]).encode(errors="surrogatepass"), PLAIN
    except (MultiPartException, ValueError) as error:  # as of an alphabet that is none
        why = getattr(error, "message", str(error)).rstrip(".")
        raise HTTPException(400, f"The form cannot be read ({why}): {kind.HOW}.") from None
    number = f"{len(found)} fields `{name}`" if len(found) != 1 else f"a field `{name}` of text"
    needed = "one" if as_text else "one file"
    raise HTTPException(422, f"The form has {number} where it needs {needed}: {kind.HOW}.")


def _check_boundary(headers: Headers, body: bytes, kind: Kind) -> None:
    """Refuse a form whose parts are not between the boundaries that its header announces."""
    boundary = parse_options_header(headers["content-type"])[1].get(b"boundary", b"")
    first, last = b"--" + boundary, b"--" + boundary + b"--"
    if not boundary:
        why = "has no boundary in its Content-Type; let your HTTP library write that header"
    elif not body:
        why = "is empty"
    elif first not in body:
        found = body.partition(b"\n")[0][:SHOWN].decode("ascii", "backslashreplace").strip()
        why = (
            f"has no line {first.decode('ascii', 'backslashreplace')!r}, the boundary in its "
            f"Content-Type; it begins with {found!r}"
        )
    elif last not in body:
        why = (
            f"ends before its last boundary: it was cut off, or its Content-Length "
            f"({headers.get('content-length', 'missing')}) is smaller than the form"
        )
    else:
        return
    raise HTTPException(400, f"The form {why}: {kind.HOW}.")
