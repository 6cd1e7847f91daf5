"""Connections: nobody holds the server by sending nothing, slowly, or what is not HTTP."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from modelyard.serving import connections, forms

from .serving import Grey, png, served

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(png()) + png()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.chdir(tmp_path)
    with served(Grey(tmp_path)) as client:
        yield client


def connected(client: httpx.Client, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection((client.base_url.host, client.base_url.port or 0))
    connection.settimeout(10)
    connection.sendall(sent)
    return connection


def answered(connection: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    answer = b""
    with connection:
        while more := connection.recv(9999):
            answer += more
    return answer


def is_ok(client: httpx.Client) -> bool:
    return httpx.get(f"{client.base_url}/health").status_code == 200  # on a new connection


def test_who_does_not_begin_or_end_a_request_is_sent_away(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    silent = [connected(client) for _ in range(130)]
    slow, again = connected(client, b"GET /health HT"), connected(client, WHOLE)
    assert again.recv(9999).startswith(b"HTTP/1.1 200 OK\r\n")
    again.sendall(b"GET /he")
    assert is_ok(client)
    assert {answered(one) for one in silent} == {b""}
    assert answered(slow).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"The headers did not arrive in 0.3 seconds" in answered(again)


def test_when_too_many_are_connected_the_one_that_was_idle_longest_makes_room(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "OPEN", 8)
    busy = connected(client, WHOLE[:-1])
    assert is_ok(client)
    idle = [connected(client) for _ in range(20)]
    assert is_ok(client)
    for one in idle[:12]:
        assert answered(one) == b""
    busy.sendall(WHOLE[-1:])
    assert busy.recv(99).startswith(b"HTTP/1.1 200 OK\r\n")
    busy.close()
    for one in idle[12:]:
        one.close()


def test_two_hundred_clients_at_once_are_all_answered(client: httpx.Client) -> None:
    many = [connected(client, WHOLE[:-1]) for _ in range(200)]
    assert is_ok(client)
    for one in many:
        one.sendall(WHOLE[-1:])
    for one in many:
        with one:
            assert one.recv(15) == b"HTTP/1.1 200 OK"


BROKEN = {
    "no HTTP": (b"hello\r\n\r\n", 400, "cannot be read (Invalid method encountered): send it as"),
    "no length": (HEAD + b"Content-Length: a\r\n\r\n", 400, "(Invalid character in Cont"),
    "two lengths": (
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
        "(Transfer-Encoding can't be present with Content-Length)",
    ),
    "a chunk without length": (CHUNKED + b"zz\r\n", 400, "body cannot be read (Invalid char"),
    "a chunk that is longer": (CHUNKED + b"3\r\nabcd\r\n", 400, "'s body cannot be read (Exp"),
    "a length that is too small": (
        HEAD + b"Content-Length: 3\r\n\r\nabcdef", 400, "Content-Length is probably small"
    ),
    "endless headers": (HEAD + b"A: " + b"a" * 70_000, 431, "The headers have more than 64 KB"),
}  # fmt: skip


def test_what_is_not_http_is_told_why(client: httpx.Client) -> None:
    for case, (sent, status, sentence) in BROKEN.items():
        head, _, body = answered(connected(client, sent)).partition(b"\r\n\r\n")
        assert (case, head.split()[1]) == (case, str(status).encode())
        assert sentence in json.loads(body)["error"], case
    assert is_ok(client)


MULTIPART = forms.FORM
PART = b'--a\r\nContent-Disposition: form-data; name="image"; filename="b"\r\n\r\nx\r\n'
FORMS = {
    "no boundary": (MULTIPART, PART + b"--a--\r\n", "has no boundary in its Content-Type"),
    "another boundary": (
        f"{MULTIPART}; boundary=b", PART + b"--a--\r\n",
        "has no line '--b', the boundary in its Content-Type; it begins with '--a'",
    ),
    "no end": (f"{MULTIPART}; boundary=a", PART, "ends before its last boundary: it was cut off"),
    "half of it": (f"{MULTIPART}; boundary=a", PART[:30], "Content-Length (30) is smaller"),
    "nothing": (f"{MULTIPART}; boundary=a", b"", "is empty"),
    "a broken header": (
        f"{MULTIPART}; boundary=a", PART.replace(b": f", b"\x00 f") + b"--a--\r\n", "cannot be r"
    ),
}  # fmt: skip


def test_a_broken_form_is_told_what_is_wrong_and_what_to_send(client: httpx.Client) -> None:
    for case, (kind, body, sentence) in FORMS.items():
        answer = client.post("/predict", content=body, headers={"Content-Type": kind})
        assert (case, answer.status_code) == (case, 400)
        said = answer.json()["error"]
        assert said.startswith(f"The form {sentence}") or sentence in said, (case, said)
        assert "send one as the field `image` of a form (curl -F image=@digit.png)" in said


def ask_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"GET /page.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)


def test_who_reads_no_answer_is_sent_away(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "READ_SECONDS", 0.3)
    with connected(client) as connection, pytest.raises(ConnectionError):
        ask_for_ever(connection)
    assert is_ok(client)
