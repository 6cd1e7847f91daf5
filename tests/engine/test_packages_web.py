"""An HTTP store of files: it may be busy, refuse, redirect; others never get the token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.publishing.environments import Environment
from modelyard.publishing.packages import Store, store_for

from .packaged import NAME, VERSION, WHEEL, fake_build
from .servers import Server, serve

SECRET = "s3cr3t-t0k3n"  # noqa: S105 - of nothing
WHEEL_PATH = f"/a b/mine/tiny_models/1.2.0/{WHEEL}"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORE_TOKEN", SECRET)
    # A machine of others answers nothing here, and retries need not be waited for.
    monkeypatch.setattr("modelyard.publishing.packages.web.RETRIES.backoff_factor", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Server()) as served:
        yield served


def store_of(server: Server, *, public: bool = False) -> Store:
    token = None if public else "${STORE_TOKEN}"
    return store_for(Environment(name="store", host=server.address, path="a b/mine", token=token))


def test_a_version_is_published_fetched_taken_back_and_published_again(server: Server) -> None:
    store, build = store_of(server), fake_build(Path("dist"))
    for _ in range(2):
        assert store.find(NAME, VERSION) is None
        store.publish(build)
        assert store.find(NAME, VERSION) == build.sha256
        assert store.fetch(NAME, VERSION, Path("got")).read_bytes() == b"a wheel"
        assert store.remove("Tiny.Models", VERSION) is True
        assert store.remove(NAME, VERSION) is False
    assert server.files == {}
    assert {header for _, _, header in server.asked} == {f"Bearer {SECRET}"}


def test_the_wheel_comes_last_and_goes_first(server: Server) -> None:
    store = store_of(server)
    store.publish(fake_build(Path("dist")))
    store.remove(NAME, VERSION)
    changes = [(method, path) for method, path, _ in server.asked if method != "GET"]
    about = WHEEL_PATH.replace(WHEEL, "package.json")
    assert changes == [
        ("PUT", about),
        ("PUT", WHEEL_PATH),
        ("DELETE", WHEEL_PATH),
        ("DELETE", about),
    ]


def test_folders_are_made_where_a_server_wants_them(server: Server) -> None:
    server.folders = {"/"}
    store_of(server).publish(fake_build(Path("dist")))
    assert server.folders == {
        "/",
        "/a b/",
        "/a b/mine/",
        "/a b/mine/tiny_models/",
        "/a b/mine/tiny_models/1.2.0/",
    }
    assert WHEEL_PATH in server.files


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(server: Server, status: int) -> None:
    server.next = [(status, b"", {"Retry-After": "3600"}), None] * 2
    build = fake_build(Path("dist"))
    store_of(server).publish(build)
    assert server.methods[:4] == ["PUT", "PUT", "PUT", "PUT"]
    assert store_of(server).find(NAME, VERSION) == build.sha256


def test_a_server_that_stays_busy_fails_with_what_it_said(server: Server) -> None:
    server.next = [(503, b"", {})] * 4
    with pytest.raises(UserError, match=r"store: GET http://127.*: HTTP 503 Service Unavailable\."):
        store_of(server).find(NAME, VERSION)
    assert len(server.asked) == 4


def test_an_answer_that_was_lost_after_the_file_was_stored_does_no_harm(server: Server) -> None:
    build = fake_build(Path("dist"))
    server.files[WHEEL_PATH.replace(WHEEL, "package.json")] = build.package_json()
    server.files[WHEEL_PATH] = b"a wheel"
    store_of(server).publish(build)  # both PUT are answered 412
    assert store_of(server).find(NAME, VERSION) == build.sha256


def test_of_two_who_publish_at_once_the_second_is_told(server: Server) -> None:
    store_of(server).publish(fake_build(Path("other"), b"other"))
    with pytest.raises(UserError, match="is there from another build"):
        store_of(server).publish(fake_build(Path("dist")))
    assert server.files[WHEEL_PATH] == b"other"


def test_a_server_that_stores_something_else_is_noticed(server: Server) -> None:
    server.next = [None, (201, b"", {})]
    server.files[WHEEL_PATH] = b"a whe"
    with pytest.raises(UserError, match=r"\.whl is not what was sent"):
        store_of(server).publish(fake_build(Path("dist")))


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_named_and_never_shown(server: Server, status: int) -> None:
    server.next = [(status, SECRET.encode(), {})]
    with pytest.raises(UserError, match=r"the token in \$\{STORE_TOKEN\} may not do this") as error:
        store_of(server).find(NAME, VERSION)
    assert SECRET not in str(error.value)
    server.next = [(status, b"", {})]
    with pytest.raises(UserError, match=r"write store\.token: \$\{NAME_OF_A_VARIABLE\}"):
        store_of(server, public=True).find(NAME, VERSION)


def test_a_variable_that_is_not_set_is_named_before_anything_is_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STORE_TOKEN")
    with pytest.raises(UserError, match="the environment variable STORE_TOKEN is not set"):
        store_of(server)
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_to_where_a_redirect_leads(server: Server, status: int) -> None:
    with serve(Server()) as other:
        server.next = [(status, b"", {"Location": f"{other.address}/b?key=1"})]
        with pytest.raises(UserError, match=rf"leads on to {other.address}, to another path"):
            store_of(server).publish(fake_build(Path("dist")))
        assert other.asked == []


def test_a_redirect_to_the_same_path_is_told_with_it(server: Server) -> None:
    path = WHEEL_PATH.replace(" ", "%20")
    server.next = [(301, b"", {"Location": f"https://127.0.0.1:1{path}"})]
    with pytest.raises(UserError, match=rf"leads on to https://127.0.0.1:1{path}, where nothing"):
        store_of(server).find(NAME, VERSION)


def test_a_netrc_of_the_user_does_not_replace_the_token(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    store_of(server).find(NAME, VERSION)
    assert [header for _, _, header in server.asked] == [f"Bearer {SECRET}"]


def test_a_server_that_is_not_there_is_said_in_a_sentence() -> None:
    with serve(Server()) as gone:
        pass
    with pytest.raises(UserError) as caught:
        store_of(gone).find(NAME, VERSION)
    said = str(caught.value)
    assert said.startswith(f"store: {gone.address}/a%20b/mine cannot be reached: ")
    assert said.endswith("Connection refused.")
    assert SECRET not in said


def test_a_server_that_never_answers_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def send(_: object, request: object, *__: object, **options: object) -> None:
        seen.append(options["timeout"])
        raise TimeoutError(request)

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", send)
    with pytest.raises(TimeoutError):
        store_of(server).find(NAME, VERSION)
    assert seen == [(10, 60)]
