"""The server: what it answers, what it refuses, and that nobody blocks anybody."""

import io
import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from modelyard.serving import app, forms, places, uploads
from modelyard.serving import served as models
from modelyard.tasks.kinds import Kind

from .serving import Grey, png, served

PNG = {"Content-Type": "image/png"}
PAGE = app.PAGE


@pytest.fixture
def grey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grey:
    monkeypatch.chdir(tmp_path)
    return Grey(tmp_path)


@pytest.fixture
def client(grey: Grey) -> Iterator[httpx.Client]:
    with served(grey) as client:
        yield client


def huge_png() -> bytes:
    """Return a small file that says it has 20,000 x 20,000 pixels."""
    small = png()
    header = b"IHDR" + struct.pack(">II", 20_000, 20_000) + small[24:29]
    return small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]


def floats() -> bytes:
    """Return a TIFF whose pixels are numbers without a range."""
    file = io.BytesIO()
    Image.new("F", (8, 8)).save(file, "tiff")
    return file.getvalue()


def form(name: str, charset: str) -> dict[str, Any]:
    """Return a form as nobody's library would write it."""
    kind = f"multipart/form-data; boundary=a; charset={charset}"
    part = f"--a\r\nContent-Disposition: form-data{name}\r\n\r\nx\r\n--a--\r\n"
    return {"content": part.encode(), "headers": {"Content-Type": kind}}


def test_an_image_is_a_field_of_a_form_or_the_body(client: httpx.Client) -> None:
    image = png(51, (3, 5))
    wanted = {
        "width": 5,
        "height": 3,
        "predictions": [{"class": "grey", "probability": 0.2, "size": [3, 5]}],
    }
    for kind in ("image/png", "IMAGE/x-anything; a=b", "application/octet-stream"):
        answer = client.post("/predict", content=image, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()) == (200, wanted)
    answer = client.post("/predict", files={"image": ("any name.txt", image)})
    assert (answer.status_code, answer.json()) == (200, wanted)


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "a body of no type": ({"content": png()}, 415, "The Content-Type is missing: send one as"),
    "a text": ({"content": "a", "headers": {"Content-Type": "text/plain"}}, 415, "is text/plain"),
    "json": ({"json": {}}, 415, "The Content-Type is application/json: send"),
    "compressed": (
        {"content": png(), "headers": {**PNG, "Content-Encoding": "gzip"}},
        415,
        "The Content-Encoding is gzip; send the image without.",
    ),
    "nothing": ({"content": b"", "headers": PNG}, 422, "cannot be read as an image; it may be"),
    "no image": ({"content": b"GIF89a", "headers": PNG}, 422, "cannot be read as an image"),
    "half of one": ({"content": png()[:40], "headers": PNG}, 422, "cannot be read as an image"),
    "32 bits": ({"content": floats(), "headers": PNG}, 422, "numbers of 32 bits; save it with 8"),
    "a program": ({"content": b"%!PS-Adobe-3.0 EPSF", "headers": PNG}, 422, "cannot be read"),
    "another field": ({"files": {"file": b"a"}}, 422, "The form has 0 fields `image` where it"),
    "two images": ({"files": [("image", b"a"), ("image", b"b")]}, 422, "The form has 2 fields"),
    "no file": ({"files": {"a": b"b"}, "data": {"image": "c"}}, 422, "a field `image` of text"),
    "many fields": ({"files": [(str(n), b"a") for n in range(101)]}, 400, "Too many files"),
    "a broken form": (
        {"content": b"a", "headers": {"Content-Type": "multipart/form-data"}}, 400, "boundary"
    ),
    "a form of another alphabet": (form("; name=image", "rot13"), 422, "a field `image` of text"),
    "a form of an alphabet that is none": (form("; name=image", "undefined"), 400, "be read (dec"),
    "a form without names": (form("", "utf-8"), 400, "\"name\" must be provided"),
    "many bytes": ({"content": bytes(11_000_000), "headers": PNG}, 413, "larger than 10 MB"),
    "many bytes, piece by piece": (
        {"content": (bytes(1_000_000) for _ in range(11)), "headers": PNG}, 413, "larger than 10"
    ),
    "a form of many bytes": ({"files": {"image": bytes(11_000_000)}}, 413, "larger than 10 MB"),
    "many pixels": ({"content": png(0, (8000, 8000)), "headers": PNG}, 413, "50 megapixels"),
    "very many pixels": ({"content": huge_png(), "headers": PNG}, 413, "50 megapixels"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_image_is_refused_in_one_sentence(client: httpx.Client, case: str) -> None:
    arguments, status, sentence = REFUSED[case]
    answer = client.post("/predict", **arguments)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert sentence in answer.json()["error"]
    assert client.post("/predict", content=png(), headers=PNG).status_code == 200


def test_what_is_not_there_is_said(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok", "model": "grey"}
    answer = client.get("/predict")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json() == {"error": "/predict takes POST, not GET."}
    for path in ("/", "/page.js", "/health", "/model"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
    assert client.delete("/health").json() == {"error": "/health takes GET or HEAD, not DELETE."}
    for path in ("/docs", "/redoc", "/../requirements.txt"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"].startswith(f"There is no {path.removeprefix('/..')} here; ")
        assert answer.json()["error"].endswith("/metrics, /openapi.json and /v2.")


def test_a_model_that_fails_is_said_and_the_server_goes_on(
    grey: Grey, client: httpx.Client
) -> None:
    def fail() -> None:
        grey.before = lambda: None
        raise RuntimeError("secret")

    grey.before = fail
    answer = client.post("/predict", content=png(), headers=PNG)
    assert (answer.status_code, answer.headers["connection"]) == (500, "close")
    assert answer.json() == {"error": "The server failed (RuntimeError); its log says where."}
    assert client.post("/predict", content=png(), headers=PNG).status_code == 200


def test_what_comes_together_is_answered_in_batches_each_its_own(
    grey: Grey, client: httpx.Client
) -> None:
    start = threading.Event()
    grey.before = start.wait

    def ask(value: int) -> float:
        answer = client.post("/predict", content=png(value), headers=PNG)
        return float(answer.json()["predictions"][0]["probability"])

    with ThreadPoolExecutor(40) as pool:
        asked = [pool.submit(ask, value) for value in range(40)]
        # The model is at work or waits; whoever asks for something else is answered.
        assert client.get("/health").status_code == 200
        start.set()
        assert [one.result() for one in asked] == [value / 255 for value in range(40)]
    assert sum(grey.batches) == 40
    assert max(grey.batches) <= models.MOST


def half_sent(client: httpx.Client, head: str = "") -> socket.socket:
    """Return a connection with a request that lacks its last byte; `head` has more of its lines."""
    url, image = client.base_url, png()
    connection = socket.create_connection((url.host, url.port or 0))
    head = f"POST /predict HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: image/png\r\n{head}"
    connection.sendall(f"{head}Content-Length: {len(image)}\r\n\r\n".encode() + image[:-1])
    return connection


def test_slow_clients_block_nobody_and_are_answered(client: httpx.Client) -> None:
    slow = [half_sent(client) for _ in range(50)]
    assert client.post("/predict", content=png(), headers=PNG).status_code == 200
    for connection in slow:
        with connection:
            connection.sendall(png()[-1:])
            assert connection.recv(99).startswith(b"HTTP/1.1 200 OK")


def test_who_never_ends_is_refused(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SECONDS", 0.1)
    with half_sent(client) as connection:
        assert connection.recv(99).startswith(b"HTTP/1.1 408 ")
    half_sent(client).close()
    assert client.post("/predict", content=png(), headers=PNG).status_code == 200


@pytest.mark.parametrize("head", ["Content-Length: 30000000", "Transfer-Encoding: chunked"])
def test_who_sends_too_much_and_then_listens_gets_the_reason(
    client: httpx.Client, head: str
) -> None:
    lines = ("POST /predict HTTP/1.1", "Host: localhost", "Content-Type: image/png", head)
    million = bytes(10**6) if "Length" in head else b"f4240\r\n" + bytes(10**6) + b"\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close\r\n\r\n"]).encode())
        for _ in range(30):
            connection.sendall(million)
        connection.sendall(b"0\r\n\r\n" if "chunked" in head else b"")
        answer = b""
        while more := connection.recv(9999):
            answer += more
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 10 MB; send a smaller image" in answer


def test_who_asks_before_sending_too_much_is_told_at_once(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            b"Content-Length: 30000000\r\n\r\n"
        )
        assert connection.recv(99).startswith(b"HTTP/1.1 413 ")


def test_few_images_are_unpacked_at_a_time(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy: list[int] = []
    most: list[int] = []

    def decode(upload: forms.Upload, kind: Kind) -> Any:
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.1)  # others come, if they are let in
        busy.pop()
        return uploads.decode(upload, kind)

    monkeypatch.setattr(models, "decode", decode)
    large = png(0, (300, 300))  # not decoded in the event loop
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(client.post, "/predict", content=large, headers=PNG) for _ in range(8)]
        assert {one.result().status_code for one in asked} == {200}
    assert max(most) <= models.DECODERS


def test_who_comes_when_all_places_are_taken_waits_a_while_and_then_is_refused(
    grey: Grey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PLACES", 3)
    monkeypatch.setattr(places, "QUEUE", 1)
    with served(grey) as client:
        taken = []
        for _ in range(3):
            taken.append(half_sent(client, "Expect: 100-continue\r\n"))
            assert taken[-1].recv(99).startswith(b"HTTP/1.1 100 ")  # it has its place
        taken.append(half_sent(client))  # this one waits, and the next is one too many
        assert client.get("/health").status_code == 200
        answer = client.post("/predict", content=png(), headers=PNG)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.json()["error"].startswith("The server is busy with other requests; send")
        for connection in taken:
            with connection:
                connection.sendall(png()[-1:])
                assert connection.recv(99).startswith(b"HTTP/1.1 200 OK")


def test_the_page_and_its_parts_ask_nobody_else(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    parts: Callable[[str], list[str]] = re.compile(
        r'(?:href|src|from)[= ]"(?:\./)?(\w+\.\w+)"'
    ).findall
    named = set(parts(page.text))
    while more := {part for name in named for part in parts(client.get(f"/{name}").text)} - named:
        named |= more
    assert named == {file.name for file in PAGE.iterdir()} - {"index.html"}
    for name in ["", *named]:
        text = client.get(f"/{name}").text.replace("http://www.w3.org/2000/svg", "")
        assert text
        assert "//" not in re.sub(r"^\s*//.*|; // .*", "", text, flags=re.MULTILINE)
