"""What servers answer, told in our own words: theirs may be the token that they were sent."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urljoin, urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, ReadTimeoutError

from modelyard.errors import UserError
from modelyard.publishing.environment_file import SETTINGS
from modelyard.publishing.environments import Environment
from modelyard.redaction import status

# What kinds of errors mean; what they say themselves may be the server's own words.
MEANINGS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((NameResolutionError, socket.gaierror), "no server of that name is known here"),
    ((ssl.SSLCertVerificationError,), "its certificate is not one that this machine trusts"),
    ((ssl.SSLError, requests.exceptions.SSLError), "no encrypted connection can be made"),
    ((requests.exceptions.ProxyError,), "the proxy of this machine does not let it through"),
    ((requests.exceptions.TooManyRedirects,), "it leads on in circles"),
)
LATE = (ConnectTimeoutError, ReadTimeoutError, TimeoutError)


@contextmanager
def reasons(environment: Environment) -> Iterator[None]:
    """Turn what `requests` raises into a sentence, without a word of the server."""
    try:
        yield
    except requests.RequestException as error:
        if error.response is not None:
            raise refusal(environment, error.response) from None
        raise UserError(
            f"{environment.name}: {environment.url} cannot be reached: {_why(error)}."
        ) from None


def _why(error: BaseException) -> str:
    """Say what happened, by the kinds of the wrapped errors; the innermost knows best."""
    chain = [*_chain(error)]
    for kinds, said in MEANINGS:
        if any(isinstance(one, kinds) for one in chain):
            return said
    numbers = [one.errno for one in chain if isinstance(one, OSError) and one.errno]
    if numbers:
        return os.strerror(numbers[-1])
    if any(isinstance(one, LATE) for one in chain):
        return "it does not answer in time"
    return "it does not answer as a server of HTTP does"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it wraps, as arguments, reasons or contexts."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]


def refusal(environment: Environment, answer: requests.Response) -> UserError:
    """Return a sentence for an answer that is not a success: of it, only the status is told."""
    name, said = environment.name, status(answer.status_code)
    what = f"{answer.request.method} {_asked(answer).partition('?')[0]}"
    if answer.is_redirect:
        return UserError(
            f"{name}: {what} leads on to {_place(answer)}, where nothing is sent; "
            f"correct {name}.host or {name}.path in {SETTINGS}."
        )
    if answer.status_code in (401, 403) and environment.token:
        return UserError(
            f"{name}: the token in {environment.token} may not do this: {what}: {said}."
        )
    if answer.status_code in (401, 403):
        return UserError(
            f"{name}: {what}: {said}; write {name}.token: ${{NAME_OF_A_VARIABLE}} in {SETTINGS}."
        )
    return UserError(f"{name}: {what}: {said}.")


def _asked(answer: requests.Response) -> str:
    """Return the URL that was asked for, before any redirect that was followed."""
    first = answer.history[0] if answer.history else answer
    return first.request.url or ""


def _place(answer: requests.Response) -> str:
    """Return where a redirect leads to, as far as it repeats what was asked for.

    Names of hosts and paths are the server's words, too.
    """
    asked = urlsplit(_asked(answer))
    try:
        found = urlsplit(urljoin(answer.url, answer.headers["Location"]))
        port = f":{found.port}" if found.port else ""
    except ValueError:
        return "no address"
    if found.hostname != asked.hostname:
        return "another server"
    same = unquote(found.path).rstrip("/") == unquote(asked.path).rstrip("/")
    scheme = found.scheme if found.scheme in ("http", "https") else "another protocol"
    return f"{scheme}://{found.hostname}{port}{found.path if same else ', to another path'}"
