"""Which names a server answers for."""

import pytest

from modelyard.errors import UserError
from modelyard.serving.hosts import KNOWN, Hosts, host_of


def status(hosts: Hosts, *said: str, required: bool = True) -> int:
    headers = [(b"accept", b"*/*"), *((b"host", one.encode()) for one in said)]
    found = hosts.problem(headers, required=required)
    return found[0] if found else 200


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "127.0.0.1:80", "10.1.2.3", "[::1]:8000", "[2001:db8::7]"],
)
def test_localhost_and_addresses_are_answered_for(host: str) -> None:
    assert status(Hosts(), host) == 200


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (["evil.example"], 421),
        (["localhost.evil.example"], 421),
        (["127.0.0.1.evil.example:8000"], 421),
        (["localhost", "localhost"], 400),
        ([], 400),
        ([""], 400),
        (["localhost:port"], 400),
        (["a@localhost"], 400),
        (["[::1"], 400),
        (["[localhost]"], 400),
        (["[::1]8000"], 400),
        (["evil.example/\r\nX: y"], 400),
        (["a" * 300], 400),
    ],
)
def test_any_other_name_is_refused(said: list[str], wanted: int) -> None:
    assert status(Hosts(), *said) == wanted


def test_a_refusal_says_how_to_allow_the_name() -> None:
    found = Hosts().problem([(b"host", b"models.example.org:80")], required=True)
    assert found
    assert found[1] == (
        "This server does not answer for the host 'models.example.org'; whoever runs it may allow "
        "the name with --allowed-host models.example.org."
    )


def test_http_1_0_need_not_name_a_host() -> None:
    """As the health checks of some load balancers do not; a browser always does."""
    assert status(Hosts(), required=False) == 200


def test_names_are_allowed_one_by_one_or_all() -> None:
    hosts = Hosts(["Models.example.org", "::1"])
    assert status(hosts, "models.EXAMPLE.org:8443") == 200
    assert status(hosts, "other.example.org") == 421
    assert status(Hosts(["*"]), "other.example.org") == 200
    assert status(Hosts(["*"]), "other.example.org/") == 400


@pytest.mark.parametrize("name", ["", "https://a.example", "a.example:80", "a b", "é.example"])
def test_what_is_no_name_cannot_be_allowed(name: str) -> None:
    with pytest.raises(UserError, match=r"^--allowed-host .*is not the name of a machine; write"):
        Hosts([name])


def test_a_client_that_varies_the_header_fills_no_memory() -> None:
    hosts = Hosts()
    for port in range(1, 10 * KNOWN):
        assert status(hosts, f"localhost:{port}") == 200
    assert len(hosts._known) == KNOWN
    assert host_of("localhost:1") == "localhost"
