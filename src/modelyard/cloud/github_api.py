"""GitHub's REST API, as far as runs need it; only the standard library, so that it runs anywhere.

https://docs.github.com/en/rest; addresses are those below `/repos/OWNER/NAME`.
"""

import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

from modelyard.errors import UserError
from modelyard.redaction import status

from .vm import setting

API = "https://api.github.com"
VERSION = "2022-11-28"
TRIES = 3
SECONDS = 30.0
MOMENTARY = {429, 500, 502, 503, 504}


class GitHubError(UserError):
    """GitHub refused, or could not be reached.

    Attributes:
        code: the status of its answer; 0 where there was none.
    """

    def __init__(self, message: str, code: int) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.code = code


def ask(token: str, method: str, path: str, body: Any = None) -> Any:
    """Ask for, or change, something of this repository; return GitHub's answer, None if empty.

    A server that fails for a moment is asked again, unless something would be made twice.

    Args:
        token: one that may do this.
        method: GET, POST, PATCH, PUT or DELETE.
        path: below the repository, such as `actions/runners?per_page=100`.
        body: what is sent, as JSON.

    Raises:
        GitHubError: with what was asked, and the status of the answer.
    """
    request = _request(method, path, body, token)
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                text = answer.read()
            return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            again = error.code in MOMENTARY and (method != "POST" or error.code == 429)  # noqa: PLR2004
            failure = GitHubError(
                f"{_said(method, path)} answered {status(error.code)}", error.code
            )
        except (OSError, ValueError) as error:
            again = method != "POST"
            why = getattr(error, "reason", error)
            failure = GitHubError(f"{_said(method, path)} failed: {type(why).__name__}", 0)
        if not again or attempt + 1 == TRIES:
            raise failure from None
        time.sleep(2**attempt)
    raise AssertionError


def _request(method: str, path: str, body: Any, token: str) -> urllib.request.Request:
    root = os.environ.get("GITHUB_API_URL", "").strip() or API
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "X-GitHub-Api-Version": VERSION,
    }
    data = None if body is None else json.dumps(body).encode()
    url = f"{root}/repos/{setting('GITHUB_REPOSITORY')}/{path}"
    return urllib.request.Request(url, data, headers, method=method)  # noqa: S310


def _said(method: str, path: str) -> str:
    return f"GitHub's {method} {path.partition('?')[0]}"
