"""What environments.yaml may hold; whatever could be a secret in it is never shown."""

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, TypeAdapter, ValidationError

from modelyard.config.mistakes import explain
from modelyard.config.section import Section
from modelyard.errors import UserError
from modelyard.strict_yaml import HOLDS_ITSELF, TOO_DEEP, TOO_LARGE, parse_yaml

SETTINGS = Path("environments.yaml")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
INDEXES = ("pypi+https", "pypi+http")
WEB = ("https", "http")
STORAGE = ("file", "gs", "s3", "az")
PROTOCOLS = (*INDEXES, *WEB, *STORAGE)
LOOPBACK = ("127.0.0.1", "::1", "localhost")
HERE = "local"  # what model tests call this checkout


def _host(value: str) -> str:
    parts = urlsplit(value)  # `_secrets` has seen to it that this succeeds
    if value.rstrip("/") == "file:":
        raise ValueError("must name a folder: file:///srv/packages, or file://.. from here")
    if parts.scheme != "file" and not parts.hostname:
        raise ValueError(f"does not name a host or bucket after {parts.scheme}://")
    return value


def _path(value: str) -> str:
    parts = value.rstrip("/").split("/")
    if not all(map(_is_plain, parts)):
        raise ValueError("must be a path below the host, such as packages/mine, without . or ..")
    return "/".join(parts)


def _is_plain(part: str) -> bool:
    return part not in ("", ".", "..") and part.isprintable() and "\\" not in part


class EnvironmentSection(Section):
    """An entry of environments.yaml.

    Attributes:
        host: which protocol, and where: an index, a file store, a folder or a bucket.
        path: below the host, a place where this project may write and delete.
        token: of an index or a file store: ${NAME}, an environment variable, never a token itself.
    """

    host: Annotated[str, AfterValidator(_host)]
    path: Annotated[str, AfterValidator(_path)] | None = None
    token: str | None = None

    def problems(self) -> list[str]:
        """Say which keys do not go together: the key and what is wrong with it."""
        parts = urlsplit(self.host)
        found = []
        if parts.scheme not in INDEXES and not self.path:
            found.append("path is missing; name a place where this project may delete")
        if self.token and parts.scheme in STORAGE:
            found.append(
                f"token is for an index or a file store; {parts.scheme}:// takes the access that "
                "your own account has"
            )
        if self.token and parts.scheme.endswith("http") and parts.hostname not in LOOPBACK:
            found.append(f"host would carry the token unencrypted; write {parts.scheme}s://")
        return found


def read_entries() -> dict[str, EnvironmentSection]:
    """Read environments.yaml.

    Raises:
        UserError: naming the environment, the key and what is allowed, one line per mistake.
    """
    document = _document()
    secrets = {name: _secrets(name, document[name]) for name in document}
    problems = [line for lines in secrets.values() for line in lines]
    # What may be secret is shown by nothing that comes now.
    shown = {name: document[name] for name in document if not secrets[name]}
    found: dict[str, EnvironmentSection] = {}
    try:
        found = TypeAdapter(dict[str, EnvironmentSection]).validate_python(shown)
    except ValidationError as error:
        problems.append(explain(error, SETTINGS, shown, EnvironmentSection, set()))
    problems += [
        f"{SETTINGS}: {name}.{problem}." for name in found for problem in found[name].problems()
    ]
    if problems:
        raise UserError("\n".join(problems))
    return found


def _document() -> dict[Any, Any]:
    try:
        document = parse_yaml(SETTINGS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{SETTINGS} does not exist; restore it: `git checkout {SETTINGS}`."
        ) from None
    except ValueError as error:  # which quotes the file: there may be a token
        raise UserError(_told(str(error))) from None
    if not isinstance(document, dict) or not document:
        raise UserError(f"{SETTINGS} does not name an environment; add one as its comments show.")
    return document


def _told(reason: str) -> str:
    """Say which line is not YAML; what stands there only of our own keys."""
    if found := re.match(r"line \d+: the key '(host|path|token)' stands twice", reason):
        return f"{SETTINGS} is not valid YAML: {found.group()}; keep one of them."
    if not reason.startswith("line") and reason.endswith((TOO_LARGE, HOLDS_ITSELF, TOO_DEEP)):
        return f"{SETTINGS}: {reason}; write a text."  # it begins with the names of keys
    line = re.match(r"line \d+", reason)
    where = f" in {line.group()}" if line else ""
    return f"{SETTINGS} is not valid YAML{where}; mend it there."


def _secrets(name: object, entry: object) -> list[str]:
    """Refuse whatever could be a secret; no message here shows a value."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or name == HERE:
        return [
            f"{SETTINGS}: {name!r} cannot name an environment; use letters, digits and . _ -, and "
            f"not {HERE!r}, which is this checkout."
        ]
    if not isinstance(entry, dict):
        return [f"{SETTINGS}: {name} must be a section with host, path and token."]
    problems = []
    token, host, path = (entry.get(key) for key in ("token", "host", "path"))
    if token is not None and not (isinstance(token, str) and VARIABLE.fullmatch(token)):
        problems.append(
            f"{SETTINGS}: {name}.token must be the name of an environment variable, written "
            "${NAME}; it is something else, which is not shown. A token that stood in Git is known "
            "to all who read it: revoke it."
        )
    if host is not None and (why := _unshown(host)):
        problems.append(f"{SETTINGS}: {name}.host {why}")
    if path is not None and not isinstance(path, str):
        problems.append(f"{SETTINGS}: {name}.path must be text; what stands there is not shown.")
    return problems


def _unshown(host: object) -> str | None:
    """Say what is wrong with a host that may hold a secret, None if it holds none."""
    parts = _split(host) if isinstance(host, str) else None
    if parts is None or parts.scheme not in PROTOCOLS or "://" not in str(host):
        allowed = ", ".join(f"{protocol}://" for protocol in PROTOCOLS)
        return (
            f"must be an address that begins with one of {allowed}; what stands there is not shown."
        )
    if parts.username and parts.scheme not in INDEXES:
        return "names a user, who is not shown; only an index (pypi+https://) has one."
    if parts.password is not None or parts.query or parts.fragment:
        return (
            "holds a password, a query or a fragment, which is not shown; write the address "
            "alone, and ${NAME} as token."
        )
    return None


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts
