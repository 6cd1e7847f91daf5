"""What the libraries of buckets mean by their errors, each of which has classes of its own."""

from collections.abc import Iterator
from typing import Literal

from .errors import UserError
from .redaction import redacted

Kind = Literal["missing", "no credentials", "refused", "unreachable", "other"]
LONGEST = 300
# Classes by name: no library is imported to recognise the errors of another.
CLASSES: dict[Kind, tuple[str, ...]] = {
    "missing": (
        "FileNotFoundError", "ResourceNotFoundError", "RepositoryNotFoundError",
        "RevisionNotFoundError", "EntryNotFoundError",
    ),
    "no credentials": (
        "NoCredentialsError", "DefaultCredentialsError", "CredentialUnavailableError",
    ),
    "refused": (
        "PermissionError", "PartialCredentialsError", "RefreshError", "ClientAuthenticationError",
        "TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError",
    ),
    "unreachable": (
        "EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError",
        "ConnectionClosedError", "ClientConnectionError", "ServiceRequestError",
        "ServiceResponseError", "TransportError", "ConnectionError", "TimeoutError", "gaierror",
        "ServerTimeoutError",
    ),
}  # fmt: skip
STATUSES: dict[int, Kind] = {401: "refused", 403: "refused", 404: "missing"}


def kind_of_error(error: BaseException) -> Kind:
    """Say what an error of a library means, by its class, its HTTP status and its causes."""
    for one in _chain(error):
        status = status_of(one)
        # The Hub says 401 of what does not exist, to those who might not see it.
        names = {parent.__name__ for parent in type(one).__mro__}
        if "RepositoryNotFoundError" in names:
            return "missing"
        if status in STATUSES:
            return STATUSES[status]
        for kind, classes in CLASSES.items():
            if names.intersection(classes):
                return kind
        if str(one).startswith("Forbidden: "):  # gcsfs keeps no status of a 403
            return "refused"
    return "other"


def reason(error: BaseException) -> str:
    """Return what a library said as part of a sentence; a sentence of ours stays whole."""
    if isinstance(error, UserError):
        return str(error).rstrip(".")
    said = redacted(" ".join(str(error).split())).partition(" RequestId:")[0]  # Azure's, and XML
    return said[:LONGEST].rstrip(".") or type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes; what it was only raised beside explains nothing."""
    while error is not None:
        yield error
        error = error.__cause__


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that an error carries."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        found = getattr(response, "status_code", None)
    for name in ("status", "status_code", "code"):
        found = found or getattr(error, name, None)
    return int(found) if str(found).isdecimal() else None
