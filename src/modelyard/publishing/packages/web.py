"""Servers reached over HTTP: how every one is asked, and a store of files that takes PUT."""

import logging
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.util import Retry

from modelyard.publishing.environments import Environment

from .answers import reasons, refusal

PATIENCE = (10, 60)  # seconds: to connect, and between two bytes
RETRIES = Retry(
    total=3,
    backoff_factor=0.5,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=("DELETE", "GET", "HEAD", "MKCOL", "PUT"),  # uploads to an index: twine does
    raise_on_status=False,
    respect_retry_after_header=False,  # a server may say hours
)
GONE = (404, 410)
NO_PARENT = (404, 409)  # WebDAV says 409
EXISTS = 412


class _Patient(HTTPAdapter):
    """Asks again, and gives up after PATIENCE where a library sets no limit."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        options["timeout"] = options.get("timeout") or PATIENCE
        return super().send(request, *args, **options)


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _OnlyFor(AuthBase):
    """Keeps a token for one server, whatever other servers its pages lead to."""

    def __init__(self, url: str, auth: AuthBase) -> None:
        self._origin = urlsplit(url)[:2]
        self._auth = auth

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        here = urlsplit(request.url or "")[:2] == self._origin
        return self._auth(request) if here else request


def session(environment: Environment, url: str) -> requests.Session:
    """Return a session that sends the environment's token to the server of `url` only.

    Raises:
        UserError: the variable that holds the token is not set.
    """
    for library in ("twine", "urllib3"):  # which would print what the server says
        logging.getLogger(library).setLevel(logging.CRITICAL)
    found = requests.Session()
    for scheme in ("https://", "http://"):
        found.mount(scheme, _Patient(max_retries=RETRIES))
    if token := environment.secret():
        value = token.get_secret_value()
        basic = HTTPBasicAuth(environment.user, value)
        found.auth = _OnlyFor(url, basic if environment.is_index else _Bearer(value))
    return found


class WebFolder:
    """A folder on a server that knows GET, PUT and DELETE, such as WebDAV."""

    def __init__(self, environment: Environment) -> None:
        """Read the token; ask nothing yet."""
        self._environment = environment
        self._session = session(environment, environment.url)

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is no such file."""
        answer = self._ask("GET", name, allowed=GONE)
        return None if answer.status_code in GONE else answer.content

    def create(self, name: str, content: bytes) -> bool:
        """Put a file if there is none; a server that knows If-None-Match lets one of many do so."""
        options: dict[str, Any] = {"data": content, "headers": {"If-None-Match": "*"}}
        answer = self._ask("PUT", name, allowed=(*NO_PARENT, EXISTS), **options)
        if answer.status_code in NO_PARENT:
            self._make_folders(name)
            answer = self._ask("PUT", name, allowed=(EXISTS,), **options)
        return answer.status_code != EXISTS

    def delete(self, name: str) -> None:
        """Delete a file."""
        self._ask("DELETE", name, allowed=GONE)

    def tidy(self, package: str) -> None:
        """Do nothing: it is the server that writes files whole."""

    def _make_folders(self, name: str) -> None:
        """Make the folders above a file, as WebDAV does; what they lack, the next PUT will say."""
        *folders, _ = name.split("/")
        depth = len((self._environment.path or "").split("/"))
        above = [self._environment.url.rsplit("/", up)[0] for up in range(depth - 1, 0, -1)]
        below = ["/".join(folders[:count]) for count in range(len(folders) + 1)]
        for url in (*above, *(f"{self._environment.url}/{path}".rstrip("/") for path in below)):
            with reasons(self._environment):
                self._session.request("MKCOL", f"{url}/", allow_redirects=False)

    def _ask(
        self, method: str, name: str, allowed: tuple[int, ...], **options: Any
    ) -> requests.Response:
        """Return the answer if it is a success or allowed."""
        url = f"{self._environment.url}/{name}"
        with reasons(self._environment):
            answer = self._session.request(method, url, allow_redirects=False, **options)
        failed = not answer.ok or answer.is_redirect
        if failed and answer.status_code not in allowed:
            raise refusal(self._environment, answer)
        return answer
