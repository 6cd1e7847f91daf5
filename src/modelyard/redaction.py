"""Words of others (servers, libraries, programs) as far as a message may repeat them.

A server decides what its reason phrase, body and headers say: the token that it was sent, for
example. So of an answer only the status is told, in our own words; what libraries and programs say
is told without whatever could be a secret.
"""

import base64
import os
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import quote

HIDDEN = "***"
SHORTEST = 8  # characters of a secret; anything shorter is a word
# Environment variables whose values are secrets.
SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|CONNECTION_STRING|(^|_)(KEY|PAT)(_|$)")
PATTERNS = (
    re.compile(r"(?<=://)[^/\s]+(?=@)"),  # user and password of a URL
    re.compile(r"(?i)(?<=\bbearer )[\w.~+/=-]+|(?<=\bbasic )[\w.~+/=-]{4,}"),
    re.compile(r"(?i)(?<=authorization: )\S+(?: \S+)?"),
    re.compile(r"(?i)(?<=[?&])[\w-]*(?:sig|signature|token|credential|password|key)=[^&\s'\"]+"),
    re.compile(r"\b(?:gh[opsur]_|github_pat_|glpat-|pypi-|ya29\.|hf_|AKIA|ASIA)[\w.-]{8,}"),
)


def status(code: int) -> str:
    """Return what a status means, such as `HTTP 403 Forbidden`, whatever the server calls it."""
    try:
        return f"HTTP {code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"HTTP {code}"


def redacted(text: str, *secrets: str) -> str:
    """Return a text without what could be a secret.

    Hidden are secrets of this process' environment and those given, as they are, percent-encoded,
    in hexadecimal digits and in Base64, alone or behind a user's name; users and passwords of URLs;
    signatures; and what looks like a token of a known server.
    """
    known = {*secrets, *_of_environment()}
    forms = sorted((form for one in known for form in _forms(one)), key=len, reverse=True)
    if forms:
        text = re.sub("|".join(map(re.escape, forms)), HIDDEN, text, flags=re.IGNORECASE)
    for pattern in PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text


def _of_environment() -> Iterator[str]:
    for name, value in os.environ.items():
        if SECRET_NAMES.search(name.upper()) and not value.startswith(("/", "true", "false")):
            yield value.strip()


def _forms(secret: str) -> set[str]:
    """Return how a text may hold a secret."""
    if len(secret) < SHORTEST:
        return set()
    content = secret.encode()
    plain = {secret, quote(secret, safe=""), repr(secret)[1:-1], content.hex()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        plain |= set(_encoded(content, encode))
    return plain


def _encoded(content: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """Yield the part of Base64 that a secret decides, wherever in what is encoded it stands."""
    for before in range(3):
        whole = encode(b"\0" * before + content).decode().rstrip("=")
        first = -(-before * 8 // 6)
        last = (before + len(content)) * 8 // 6
        yield whole[first:last]
