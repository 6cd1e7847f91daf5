"""A package index: what is uploaded is found again, and removed where the server has a way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.publishing.environments import Environment
from modelyard.publishing.packages import Store, store_for
from modelyard.publishing.packages.build import Build

from .packaged import NAME, VERSION, WHEEL, fake_build, fake_wheel
from .servers import Index, JsonIndex, Server, basic, serve

SECRET = "s3cr3t-t0k3n"  # noqa: S105 - of nothing


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INDEX_TOKEN", SECRET)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("modelyard.publishing.packages.web.RETRIES.backoff_factor", 0)
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def build() -> Build:
    return fake_build(Path("dist"), fake_wheel())


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Index()) as served:
        yield served


def store_of(server: Server, user: str = "", path: str | None = None) -> Store:
    host = server.address.replace("http://", f"pypi+http://{user}")
    return store_for(Environment(name="index", host=host, path=path, token="${INDEX_TOKEN}"))  # noqa: S106


def asked_store(server: Server) -> Store:
    """Return the store after it was asked, as before every publication; forget what was asked."""
    store = store_of(server)
    assert store.find(NAME, VERSION) is None
    server.asked.clear()
    return store


@pytest.mark.parametrize("kind", [Index, JsonIndex])
def test_a_version_is_published_fetched_taken_back_and_published_again(
    kind: type[Index], build: Build
) -> None:
    with serve(kind()) as server:
        store = store_of(server, "me@")
        for _ in range(2):
            assert store.find(NAME, VERSION) is None
            store.publish(build)
            assert store.find("Tiny.Models", VERSION) == build.sha256
            assert store.remove("Tiny.Models", VERSION) is True
            assert store.remove(NAME, VERSION) is False
    assert {header for _, _, header in server.asked} == {basic("me", SECRET)}


def test_a_wheel_is_fetched_only_with_the_digest_that_the_index_says(
    server: Server, build: Build
) -> None:
    store = store_of(server)
    store.publish(build)
    assert store.fetch(NAME, VERSION, Path("got")).read_bytes() == fake_wheel()
    server.next = [None, (200, b"damaged", {})]
    with pytest.raises(UserError, match=r"index: .*\.whl is not the file whose SHA-256 the index"):
        store.fetch(NAME, VERSION, Path("again"))
    assert list(Path("again").iterdir()) == []
    with pytest.raises(UserError, match=r"version 1\.2\.1 of tiny-models is not there"):
        store.fetch(NAME, "1.2.1", Path("again"))


def test_without_a_user_the_token_is_sent_as_pypi_wants_it(server: Server) -> None:
    store_of(server).find(NAME, VERSION)
    assert {header for _, _, header in server.asked} == {basic("__token__", SECRET)}


def test_another_server_that_keeps_the_files_never_gets_the_token(
    server: Server, build: Build
) -> None:
    with serve(Server(files={f"/files/{WHEEL}": fake_wheel()})) as files:
        link = f'<a href="{files.address}/files/{WHEEL}#sha256={build.sha256}">{WHEEL}</a>'
        server.next = [None, (200, link.encode(), {"Content-Type": "text/html"})]
        assert store_of(server).fetch(NAME, VERSION, Path("got")).is_file()
    assert [header for _, _, header in files.asked] == [""]


def test_an_upload_that_is_redirected_is_refused(server: Server, build: Build) -> None:
    with serve(Server()) as other:
        store = asked_store(server)
        server.next = [(307, b"", {"Location": other.address})]
        with pytest.raises(UserError, match="leads on to"):
            store.publish(build)
        assert other.asked == []


def test_an_index_that_shows_late_what_it_has_taken_is_waited_for(
    server: Server, build: Build
) -> None:
    store = asked_store(server)
    server.next = [None, (404, b"", {}), (404, b"", {})]
    store.publish(build)
    assert server.methods == ["POST", "GET", "GET", "GET"]


def test_an_index_that_never_shows_it_fails(server: Server, build: Build) -> None:
    store = asked_store(server)
    server.next = [None, *[(404, b"", {})] * 6]
    with pytest.raises(UserError, match=r"has taken .* does not show it yet; publish again"):
        store.publish(build)


def test_an_upload_that_another_made_first_is_fine_if_it_is_the_same(
    server: Server, build: Build
) -> None:
    store = store_of(server)
    store.publish(build)
    store.publish(build)  # answered 409
    with pytest.raises(UserError, match="was published by somebody else meanwhile"):
        store.publish(fake_build(Path("other"), fake_wheel("other")))
    assert store.find(NAME, VERSION) == build.sha256


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_named_and_never_shown(
    server: Server, build: Build, status: int
) -> None:
    store = asked_store(server)
    server.next = [(status, SECRET.encode(), {})]
    with pytest.raises(UserError, match=r"the token in \$\{INDEX_TOKEN\} may not do this") as error:
        store.publish(build)
    assert SECRET not in str(error.value)
    store.publish(build)
    server.next = [None, (status, b"", {})]
    with pytest.raises(UserError, match=r"the token in \$\{INDEX_TOKEN\} may not do this"):
        store.remove(NAME, VERSION)


def test_an_index_that_is_busy_is_asked_again_and_given_up_if_it_stays_so(
    server: Server, build: Build
) -> None:
    store = asked_store(server)
    server.next = [(503, b"", {})] * 5
    with pytest.raises(UserError, match=r"index: POST .*: HTTP 503 Service Unavailable"):
        store.publish(build)
    server.next = [(503, b"", {})] * 2
    store.publish(build)
    assert store.find(NAME, VERSION) == build.sha256


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_an_index_that_has_no_way_to_delete_says_what_to_do(
    server: Server, build: Build, status: int
) -> None:
    store = store_of(server)
    store.publish(build)
    server.next = [None, (status, b"", {})]
    with pytest.raises(UserError, match=r"has no way to delete version .* yank or delete"):
        store.remove(NAME, VERSION)
    assert store.find(NAME, VERSION) == build.sha256


def test_devpi_is_known_by_its_answers(build: Build) -> None:
    with serve(Index(headers={"X-DEVPI-API-VERSION": "2"})) as server:
        page = f'<a href="/files/{WHEEL}#sha256={build.sha256}">{WHEEL}</a>'.encode()
        html = {"Content-Type": "text/html"}
        server.next = [None, (200, page, html), (200, b"", {}), (404, b"", {})]
        assert store_of(server, path="root/prod").remove("Tiny.Models", VERSION)
    assert [f"{method} {path}" for method, path, _ in server.asked] == [
        "HEAD /root/prod/",
        "GET /root/prod/+simple/tiny-models/",
        "DELETE /root/prod/tiny-models/1.2.0",
        "GET /root/prod/+simple/tiny-models/",
    ]


@pytest.mark.parametrize(
    ("host", "upload"),
    [
        ("pypi+https://pypi.org", "https://upload.pypi.org/legacy/"),
        ("pypi+https://test.pypi.org", "https://test.pypi.org/legacy/"),
        ("pypi+https://packages.example.com", "https://packages.example.com/"),
    ],
)
def test_pypi_is_read_at_one_address_and_written_at_another(
    host: str, upload: str, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def send(_: object, request: object, *__: object, **___: object) -> None:
        asked.append(request)
        raise ConnectionError

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", send)
    with pytest.raises(ConnectionError):
        store_for(Environment(name="index", host=host, token="${INDEX_TOKEN}")).publish(build)  # noqa: S106
    (request,) = asked
    assert request.url == upload  # type: ignore[attr-defined]
    assert request.headers["Authorization"] == basic("__token__", SECRET)  # type: ignore[attr-defined]
