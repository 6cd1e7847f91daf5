"""environments.yaml: every mistake is named, and no token is ever shown."""

from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.publishing.environments import Environment, find, load_environments

SECRET = "s3cr3t-t0k3n"  # noqa: S105 - of nothing
INDEX = "index: {host: 'pypi+https://publisher@packages.example.com', token: '${INDEX_TOKEN}'}"
STORE = "store: {host: 'https://files.example.com', path: a b/c, token: '${STORE_TOKEN}'}"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str) -> dict[str, Environment]:
    Path("environments.yaml").write_text(text, "utf-8")
    return load_environments()


def refused(text: str) -> str:
    with pytest.raises(UserError) as caught:
        load(text)
    return str(caught.value)


ADDRESSES = {
    "{host: 'file://..', path: packages}": "file://../packages",
    "{host: 'file:///srv/', path: packages/mine/}": "file:///srv/packages/mine",
    "{host: 'https://files.example.com/dav/', path: a b/ü}": (
        "https://files.example.com/dav/a%20b/%C3%BC"
    ),
    "{host: 'pypi+https://me@packages.example.com'}": "https://packages.example.com",
    "{host: 'https://files.example.com/@team', path: p}": "https://files.example.com/@team/p",
    "{host: 'pypi+http://127.0.0.1:8080', path: root/prod}": "http://127.0.0.1:8080/root/prod",
    "{host: 'gs://bucket', path: a b}": "gs://bucket/a b",
}


@pytest.mark.parametrize("entry", ADDRESSES)
def test_host_and_path_make_an_address(entry: str) -> None:
    assert load(f"one: {entry}")["one"].url == ADDRESSES[entry]


MISTAKES = {
    "one: {path: x}": "environments.yaml: one.host is missing; add it.",
    "one: {host: 'ftp://x', path: x}": (
        "one.host must be an address that begins with one of pypi+https://, pypi+http://, https://"
    ),
    "one: {host: example.com, path: x}": "one.host must be an address that begins",
    "one: {host: 'https://', path: x}": "one.host is 'https://': does not name a host or bucket",
    "one: {host: 'https://x:port', path: x}": "one.host must be an address that begins",
    "one: {host: 'file://', path: x}": "one.host is 'file://': must name a folder",
    "one: {host: 'file:///', path: x}": "one.host is 'file:///': must name a folder",
    "one: {host: 'https://me@x', path: x}": "one.host names a user, who is not shown",
    "one: {host: 'file://..'}": "environments.yaml: one.path is missing; name a place",
    "one: {host: 'file://..', path: ../up}": "one.path is '../up': must be a path below the host",
    "one: {host: 'file://..', path: /up}": "one.path is '/up': must be a path below the host",
    "one: {host: 'file://..', path: ''}": "one.path is '': must be a path below the host",
    "one: {host: 'file://..', path: x, token: '${T}'}": "one.token is for an index or a file store",
    "one: {host: 'http://x', path: x, token: '${T}'}": "write https://",
    "one: {host: 'pypi+http://x', token: '${T}'}": "write pypi+https://",
    "one: {host: 'file://..', path: x, tokne: y}": (
        "one.tokne is not a known key (did you mean 'token'?); allowed here: host, path, token."
    ),
    "one: nothing": "environments.yaml: one must be a section with host, path and token.",
    "local: {host: 'file://..', path: x}": "'local' cannot name an environment",
    "../up: {host: 'file://..', path: x}": "'../up' cannot name an environment",
    "1: {host: 'file://..', path: x}": "1 cannot name an environment",
    "": "environments.yaml does not name an environment",
    "- one": "environments.yaml does not name an environment",
    "one: }": "environments.yaml is not valid YAML in line 1; mend it there.",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_its_key_and_what_is_allowed(text: str) -> None:
    assert MISTAKES[text] in refused(text)


def test_every_mistake_is_named_at_once() -> None:
    found = refused("one: {host: x, path: x}\ntwo: {path: x}\n")
    assert [line.split()[1] for line in found.splitlines()] == ["one.host", "two.host"]


def test_without_the_file_it_says_how_to_get_it_back() -> None:
    with pytest.raises(UserError, match=r"environments\.yaml does not exist; restore it"):
        load_environments()


LITERAL = {
    "as it is": f"one: {{host: 'https://x', path: x, token: {SECRET}}}",
    "with a prefix": f"one: {{host: 'https://x', path: x, token: 'Bearer {SECRET}'}}",
    "after a variable": f"one: {{host: 'https://x', path: x, token: '${{A}}{SECRET}'}}",
    "as a default": f"one: {{host: 'https://x', path: x, token: '${{A:-{SECRET}}}'}}",
    "in a list": f"one: {{host: 'https://x', path: x, token: [{SECRET}]}}",
    "as the entry": f"one: {SECRET}",
    "as another key": f"one: {{host: 'https://x', path: x, password: {SECRET}}}",
    "in the address": f"one: {{host: 'https://me:{SECRET}@x', path: x}}",
    "in a broken address": f"one: {{host: 'https://me:{SECRET}@x:port', path: x}}",
    "as the user": f"one: {{host: 'https://{SECRET}@x', path: x}}",
    "as the user of nothing known": f"one: {{host: 'htps://{SECRET}@x', path: x}}",
    "without a protocol": f"one: {{host: '{SECRET}', path: x}}",
    "in a mapping": f"one: {{host: {{a: {SECRET}}}, path: {{b: {SECRET}}}}}",
    "in the query": f"one: {{host: 'https://x?sig={SECRET}', path: x}}",
    "twice": f"one: {{host: 'https://x', path: x, token: {SECRET}, token: {SECRET}}}",
    "in broken YAML": f"one:\n  token: 'x{SECRET}\n  path: x",
    "as an alias": f"one: {{host: 'https://x', path: x, token: *{SECRET}}}",
}


@pytest.mark.parametrize("case", LITERAL)
def test_a_token_in_the_file_is_refused_and_never_shown(case: str) -> None:
    assert SECRET not in refused(LITERAL[case])


def test_a_token_in_the_file_is_explained() -> None:
    said = refused(LITERAL["as it is"])
    assert "environments.yaml: one.token must be the name of an environment variable" in said
    assert "revoke it" in said


def test_a_variable_is_needed_only_by_the_environment_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("INDEX_TOKEN", raising=False)
    monkeypatch.setenv("STORE_TOKEN", SECRET)
    environments = load(f"{INDEX}\n{STORE}\n")
    secret = environments["store"].secret()
    assert secret
    assert secret.get_secret_value() == SECRET
    with pytest.raises(UserError, match="the environment variable INDEX_TOKEN is not set"):
        environments["index"].secret()


@pytest.mark.parametrize("value", [f"{SECRET}\n", f" {SECRET}", f"Bearer {SECRET}", f"{SECRET}é"])
def test_a_variable_that_holds_more_than_a_token_is_refused_and_not_shown(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_TOKEN", value)
    with pytest.raises(UserError, match="STORE_TOKEN holds spaces") as caught:
        load(STORE)["store"].secret()
    assert SECRET not in str(caught.value)


def test_no_text_of_an_environment_shows_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_TOKEN", SECRET)
    environment = load(STORE)["store"]
    secret = environment.secret()
    assert SECRET not in f"{environment} {environment!r} {secret} {secret!r}"


def test_an_index_is_uploaded_to_by_the_user_of_its_address() -> None:
    assert load(INDEX)["index"].user == "publisher"
    assert load("one: {host: 'pypi+https://pypi.org'}")["one"].user == "__token__"
    assert load("one: {host: 'pypi+https://me%40x.org@y'}")["one"].user == "me@x.org"


@pytest.mark.parametrize("host", ["http://127.0.0.1:80", "http://localhost", "http://[::1]:80"])
def test_a_token_goes_unencrypted_to_this_machine_only(host: str) -> None:
    assert load(f"one: {{host: '{host}', path: x, token: '${{T}}'}}")["one"].url.startswith(host)


def test_environments_are_found_once_each_and_all_without_names() -> None:
    environments = load(f"{INDEX}\n{STORE}\n")
    assert [one.name for one in find(environments, ["store", "store"])] == ["store"]
    assert [one.name for one in find(environments, [])] == ["index", "store"]


def test_an_unknown_environment_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError) as caught:
        find(load(f"{INDEX}\n{STORE}\n"), ["stor"])
    assert "no environment 'stor' (did you mean 'store'?)" in str(caught.value)
    assert "known environments: index, store." in str(caught.value)
