"""Which names a server answers for, so that no page of another name can ask it.

A page may let its own name point to 127.0.0.1 and ask this server as if it were its own (DNS
rebinding); the browser still says that name in the header `Host`. It cannot do so with an address.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from modelyard.errors import UserError

LOOPBACK = "localhost"
LONGEST = 253  # characters of a name
KNOWN = 100  # values of the header that are remembered
Header = tuple[bytes, bytes]


class Hosts:
    """The names for which a server answers: localhost, any address, and those allowed."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """Take names, without ports; `*` is any name.

        Raises:
            UserError: one of them is not a name.
        """
        self._names = {LOOPBACK, *map(_checked, allowed)}
        self._known: set[bytes] = set()  # values of the header that were found right

    def allow(self, name: str) -> None:
        """Answer for the name that the server is bound to."""
        self._names.add(name.lower())

    def problem(self, headers: Sequence[Header], *, required: bool) -> tuple[int, str] | None:
        """Return status and sentence for a request that is not for this server, or None.

        Args:
            headers: with names in lower case, as ASGI has them.
            required: whether one must name the host, as in HTTP/1.1.
        """
        said = [value for name, value in headers if name == b"host"]
        if len(said) == 1:
            if said[0] in self._known:
                return None
            return self._judged(said[0])
        if said or required:
            return 400, f"The request has {len(said)} headers Host where it needs one."
        return None

    def _judged(self, value: bytes) -> tuple[int, str] | None:
        host = host_of(value.decode("latin-1"))
        if host is None:
            return 400, "The header Host is not the name or address of a machine."
        if host in self._names or "*" in self._names or _is_address(host):
            if len(self._known) < KNOWN:  # a client that varies it fills no memory
                self._known.add(value)
            return None
        return 421, (
            f"This server does not answer for the host {host!r}; whoever runs it may allow the "
            f"name with --allowed-host {host}."
        )


def host_of(text: str) -> str | None:
    """Return the name or address of a header Host, in lower case and without port, or None."""
    host, port = text.strip().lower(), ""
    if host.startswith("["):
        host, closed, port = host[1:].partition("]")
        if not closed or (port and not port.startswith(":")) or not _is_address(host):
            return None
        port = port[1:]
    else:
        host, _, port = host.partition(":")
        if not _is_name(host):
            return None
    return host if not port or (port.isascii() and port.isdecimal()) else None


def _checked(name: str) -> str:
    bare = name.strip().lower().removeprefix("[").removesuffix("]")
    if bare != "*" and not _is_name(bare) and not _is_address(bare):
        raise UserError(
            f"--allowed-host {name} is not the name of a machine; write one such as "
            "models.example.org, without scheme and port, or * for any."
        )
    return bare


def _is_name(text: str) -> bool:
    known = all(one.isalnum() or one in "-._" for one in text)
    return bool(text) and text.isascii() and known and len(text) <= LONGEST


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
