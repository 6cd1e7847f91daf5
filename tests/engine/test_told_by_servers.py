"""No server's own word reaches a message: a server knows the token, and may say it anywhere."""

import base64
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import quote

import pytest

from modelyard.errors import UserError
from modelyard.git import git
from modelyard.publishing.environments import Environment
from modelyard.publishing.packages import Store, store_for
from modelyard.redaction import redacted, status
from modelyard.stores import reason

from .packaged import NAME, VERSION, fake_build, fake_wheel

SECRET = "s3cr3t+t0k3n/of-nothing"  # noqa: S105 - of nothing
Word = Callable[[str], str]
WORDS: dict[str, Word] = {
    "as it is": lambda header: header,
    "token alone": lambda _: SECRET,
    "Base64": lambda header: base64.b64encode(header.encode()).decode(),
    "Base64 of the token": lambda _: base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "percent-encoded": lambda header: quote(header, safe=""),
    "hexadecimal": lambda header: header.encode().hex(),
    "backwards": lambda header: header[::-1],
}
OK = "HTTP/1.1 200 OK\r\n"
MOVED = "HTTP/1.1 307 X\r\nLocation: "
PLACES = {
    "reason": "HTTP/1.1 403 Bad {word}\r\nContent-Length: 0\r\n\r\n",
    "unknown status": "HTTP/1.1 499 {word}\r\nContent-Length: 0\r\n\r\n",
    "busy": "HTTP/1.1 503 {word}\r\nContent-Length: 0\r\n\r\n",
    "body": "HTTP/1.1 400 Bad\r\nContent-Length: {length}\r\n\r\n{word}",
    "page": f"{OK}Content-Type: text/{{word}}\r\nContent-Length: {{length}}\r\n\r\n{{word}}",
    "digest": f"{OK}Content-Type: text/html\r\nContent-Length: {{link_length}}\r\n\r\n{{link}}",
    "path of a redirect": "HTTP/1.1 302 Found\r\nLocation: /{word}\r\nContent-Length: 0\r\n\r\n",
    "user of a redirect": f"{MOVED}http://{{word}}@127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": "{word}\r\n\r\n",
    "broken header": "HTTP/1.1 200 OK\r\n{word}\r\n: {word}\r\nContent-Length: 5\r\n\r\n",
    "cut": "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{word}",
    "encoding": f"{OK}Content-Encoding: gzip\r\nContent-Length: {{length}}\r\n\r\n{{word}}",
}
FILE = "tiny_models-1.2.0-py3-none-any.whl"
LINK = f'<a href="/{FILE}#sha256={{word}}">{FILE}</a>'


class Echo(ThreadingTCPServer):
    """Answers every request with a text that says the Authorization header."""

    daemon_threads = True
    allow_reuse_address = True
    answer: str


class Handler(StreamRequestHandler):
    server: Echo

    def handle(self) -> None:
        header, size = "", 0
        while (line := self.rfile.readline().decode("latin-1")).strip():
            name, _, value = line.partition(":")
            header = value.strip() if name.lower() == "authorization" else header
            size = int(value) if name.lower() == "content-length" else size
        self.rfile.read(size)
        word = ".".join(form(header) for form in WORDS.values())
        link = LINK.format(word=word)
        sizes = {"length": len(word), "link": link, "link_length": len(link)}
        self.wfile.write(self.server.answer.format(word=word, **sizes).encode("latin-1"))


@contextlib.contextmanager
def echo(answer: str) -> Iterator[str]:
    with Echo(("127.0.0.1", 0), Handler) as server:
        server.answer = answer
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINE", SECRET)
    monkeypatch.setattr("modelyard.publishing.packages.web.RETRIES.backoff_factor", 0)
    monkeypatch.setattr("modelyard.publishing.packages.index.WAITS", (0,))
    monkeypatch.setattr("modelyard.publishing.packages.wheel.time.sleep", lambda _: None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # A command has no handlers: what a library warns of goes to standard error.
    handler = logging.StreamHandler()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)


def store_of(address: str, *, index: bool) -> Store:
    host = f"pypi+{address}" if index else address
    path = None if index else "mine"
    variable = "${MINE}"
    return store_for(Environment(name="store", host=host, path=path, token=variable))


def traces(header: str) -> set[str]:
    """Return what gives the token away, in all the forms that the server used."""
    return {form(header)[:24].lower() for form in WORDS.values()} | {"t0k3n", "n3k0t"}


@pytest.mark.parametrize("index", [True, False], ids=["index", "store"])
@pytest.mark.parametrize("place", PLACES)
def test_a_server_cannot_have_the_token_said(
    place: str,
    index: bool,  # noqa: FBT001
    capfd: pytest.CaptureFixture[str],
) -> None:
    build, said = fake_build(Path("dist"), fake_wheel()), []
    with echo(PLACES[place]) as address:
        store = store_of(address, index=index)
        tasks: list[Callable[[], object]] = [
            lambda: store.find(NAME, VERSION),
            lambda: store.publish(build),
            lambda: store.remove(NAME, VERSION),
            lambda: store.fetch(NAME, VERSION, Path("got")),
        ]
        for task in tasks:
            try:
                said.append(str(task()))
            except UserError as error:
                said.append(str(error))
    printed = "".join(capfd.readouterr())
    user = base64.b64encode(f"__token__:{SECRET}".encode()).decode()
    header = f"Basic {user}" if index else f"Bearer {SECRET}"
    assert [one for one in traces(header) if one in f"{said}{printed}".lower()] == []


def test_a_redirect_to_a_host_that_is_named_by_the_token_does_not_show_it() -> None:
    with echo(f"{MOVED}http://s3cr3t.t0k3n/\r\nContent-Length: 0\r\n\r\n") as address:
        store = store_of(address, index=False)
        with pytest.raises(UserError, match="leads on to another server, where nothing is sent"):
            store.find(NAME, VERSION)


def test_a_status_is_told_in_our_own_words() -> None:
    assert status(403) == "HTTP 403 Forbidden"
    assert status(499) == "HTTP 499"


def test_what_a_library_says_is_told_without_secrets_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    user = base64.b64encode(f"me:{SECRET}".encode()).decode()
    forms = [form(SECRET) for name, form in WORDS.items() if name != "backwards"]
    for word in (*forms, user, f"Basic {user}", f"Bearer {SECRET}"):
        shown = reason(RuntimeError(f"The bucket said: {word}, and no more."))
        assert shown.startswith("The bucket said: ")
        assert shown.endswith("and no more")
        assert [one for one in (word[8:24].lower(), "t0k3n") if one in shown.lower()] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:p4ss@host/a.git failed", "https://***@host/a.git failed"),
        ("https://ghp_abcdefghijklmnop@host/a", "https://***@host/a"),
        ("GET https://x/y?X-Amz-Signature=abc&part=1", "GET https://x/y?***&part=1"),
        ("Authorization: Bearer abcdefgh", "Authorization: ***"),
        ("token ghp_0123456789abcdef is bad", "token *** is bad"),
        (
            "models/digits/model.keras, key=value, 3 of 4",
            "models/digits/model.keras, key=value, 3 of 4",
        ),
        ("gs://bucket/path is not there", "gs://bucket/path is not there"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_what_git_says_of_a_remote_with_a_token_is_told_without_it(tmp_path: Path) -> None:
    git("init", "--quiet", str(tmp_path))
    with pytest.raises(UserError) as caught:
        git("fetch", "https://me:ghp_abcdefghijklmnop@127.0.0.1:1/a.git")
    assert "ghp_" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
