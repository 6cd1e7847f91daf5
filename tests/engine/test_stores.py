"""Public and private buckets, the Hub and https:// addresses, as a reader and a publisher."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import s3fs
import trustme
from stores.hub import Hub, Repository, hub

from modelyard import stores
from modelyard.config.schema import PublishConfig
from modelyard.errors import UserError
from modelyard.official.choosing import preferred
from modelyard.official.fetching import fetch_official
from modelyard.publishing.official.target import Target

from .official import commit, configure, publish, ready
from .servers import Answer, Server, serve
from .tiny import MODEL

REPOSITORY = "ada/models"


@pytest.fixture(name="hugging_face")
def _hugging_face() -> Iterator[Hub]:
    with hub() as found:
        found.repositories[REPOSITORY] = Repository()
        yield found


@pytest.mark.usefixtures("workspace")
def test_a_model_goes_to_the_hub_and_comes_from_there_without_a_token(
    hugging_face: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ready()
    configure("config.yaml", publish={"buckets": [f"hf://{REPOSITORY}"]})
    commit()
    assert publish() == 1  # nobody may write without a token
    assert f"error: hf://{REPOSITORY}: access is refused: " in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", "hf_writes")
    assert publish() == 0
    files = hugging_face.repositories[REPOSITORY].files
    (name,) = [path for path in files if path.endswith(".keras")]
    assert files[name] == (MODEL / "model.keras").read_bytes()
    folder = name.removesuffix(".keras")
    assert {f"{folder}/config.yaml", f"{folder}/README.md"} < files.keys()
    assert files["README.md"] == files[f"{folder}/README.md"]  # what the Hub shows
    assert files["README.md"].startswith(b"---\nlibrary_name: keras\n")
    files["README.md"] = b"Of somebody else."
    commits = list(hugging_face.repositories[REPOSITORY].commits)
    assert publish() == 0
    assert hugging_face.repositories[REPOSITORY].commits == commits
    monkeypatch.setenv("HF_TOKEN", "hf_expired")
    capsys.readouterr()
    assert fetch_official("tiny")[0].read_bytes() == files[name]
    assert capsys.readouterr().err == (
        f"hf://{REPOSITORY} is read without credentials: those here were refused.\n"
    )
    assert fetch_official(f"hf://{REPOSITORY}/tiny@v1.0.0")[0].read_bytes() == files[name]
    monkeypatch.setenv("HF_TOKEN", "hf_writes")
    assert Target(f"hf://{REPOSITORY}").remove(name)
    assert not Target(f"hf://{REPOSITORY}").remove(name)
    assert name not in files
    mine = Path("mine")
    mine.write_text("mine")
    threads = [
        threading.Thread(target=Target(f"hf://{REPOSITORY}").put, args=(mine, f"{n % 2}.txt", None))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    added = hugging_face.repositories[REPOSITORY].commits[len(commits) :]
    assert sorted(line for line in added if line.endswith(".txt")) == [
        "Publish 0.txt", "Publish 1.txt",
    ]  # fmt: skip


class S3(Server):
    """A public bucket of S3: it refuses whoever shows an account that it does not know."""

    def answer(self, method: str, path: str, headers: Any, _: bytes) -> Answer:
        """Answer a request."""
        known = "Credential=testing/" in headers.get("Authorization", "")
        path = path.partition("?")[0].rstrip("/")
        if path.split("/")[1] != "public":
            return _s3_error(404, "NoSuchBucket")
        if headers.get("Authorization") and not known:
            return _s3_error(403, "InvalidAccessKeyId")
        if path == "/public" and method == "GET":
            return _s3_error(403, "AccessDenied")
        if method in ("GET", "HEAD"):
            found = self.files.get(path)
            return (200, found, {}) if found is not None else _s3_error(404, "NoSuchKey")
        return _s3_error(403, "AccessDenied")


def _s3_error(status: int, code: str) -> Answer:
    text = f"<Error><Code>{code}</Code><Message>{code} it is</Message></Error>"
    return status, text.encode(), {"Content-Type": "application/xml"}


@pytest.fixture(name="bucket")
def _bucket(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Publish the tiny model into s3://public/official, as whoever owns the bucket did."""
    folder = workspace.parent / "bucket"
    ready(folder)
    assert publish() == 0
    configure("config.yaml", publish={"buckets": ["s3://public/official"]})
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(workspace / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with serve(S3(files=_files(folder, "/public/official/"))) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.address)
        s3fs.S3FileSystem.clear_instance_cache()  # it would go on asking the server of before
        yield found


def _files(folder: Path, before: str) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {f"{before}{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}


def test_a_public_bucket_needs_no_account_and_a_refused_one_does_no_harm(
    bucket: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stores.note.cache_clear()
    capsys.readouterr()
    cached = fetch_official("tiny")[0]
    assert cached.read_bytes() == (MODEL / "model.keras").read_bytes()
    assert capsys.readouterr().err == (
        "s3://public is read without credentials: there are none here.\n"
    )
    cached.unlink()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "expired")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "expired")
    s3fs.S3FileSystem.clear_instance_cache()
    assert fetch_official("tiny")[0].is_file()
    assert capsys.readouterr().err == (
        "s3://public is read without credentials: those here were refused.\n"
    )
    cached.unlink()
    bucket.files.clear()
    configure("config.yaml", publish={"buckets": ["s3://public/official", "s3://nobody/official"]})
    with pytest.raises(UserError) as caught:
        fetch_official("tiny")
    _, first, second = str(caught.value).splitlines()
    assert first == f"s3://public/official/{cached.name}: there is no such file."
    assert second == (f"s3://nobody/official/{cached.name}: the bucket s3://nobody does not exist.")


@pytest.mark.usefixtures("bucket")
def test_a_publisher_reads_what_is_wrong_with_a_bucket(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["s3://public/elsewhere", "s3://nobody/official", "hf://nobody/nothing"]
    configure("config.yaml", publish={"buckets": where})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    commit()
    with hub():
        assert publish() == 1
    said = capsys.readouterr().err
    assert "error: s3://nobody/official: the bucket s3://nobody does not exist; create i" in said
    assert (
        "error: hf://nobody/nothing: the repository hf://nobody/nothing does not exist, or" in said
    )
    assert "error: s3://public/elsewhere: access is refused: AccessDenied it is (your own a" in said


def test_a_bucket_that_does_not_answer_is_used_around(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = workspace.parent / "bucket"
    ready(folder)
    assert publish() == 0
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts, and says nothing
        answers = {
            f"https://127.0.0.1:{silent.getsockname()[1]}/a": "does not answer within 1 seconds; ",
            "https://127.0.0.1:1/a": "cannot be reached: Cannot connect to host 127.0.0.1:1 ",
        }
        for url, said in answers.items():
            configure("config.yaml", publish={"buckets": [url, f"file://{folder}"]})
            monkeypatch.setattr(stores, "PATIENCE", 1 if "answer" in said else 30)
            capsys.readouterr()
            cached = fetch_official("tiny")[0]
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith(f"warning: {url}/{cached.name}: the server {said}")
            assert line.endswith(f"file://{folder}/{cached.name} is used instead.")
            cached.unlink()


def test_an_https_address_is_read_and_not_published_to(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = workspace.parent / "bucket"
    ready(folder)
    assert publish() == 0
    authority, ours = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(ours)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", ours)
    with https(authority, Server(files=_files(folder, "/official/"))) as address:
        buckets = [f"{address}/nowhere", f"{address}/official"]
        configure("config.yaml", publish={"buckets": buckets})
        capsys.readouterr()
        cached = fetch_official("tiny")[0]
        assert cached.read_bytes() == (MODEL / "model.keras").read_bytes()
        assert capsys.readouterr().err == (
            f"warning: {buckets[0]}/{cached.name}: there is no such file; {buckets[1]}/"
            f"{cached.name} is used instead.\n"
        )
        commit()
        assert publish() == 1
        assert "an https:// address is only read" in capsys.readouterr().err


@contextmanager
def https(authority: trustme.CA, served: Server) -> Iterator[str]:
    """Serve files with a certificate of 127.0.0.1; yield the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serve(served, context):
        yield served.address.replace("http://", "https://")


def test_an_address_with_a_password_or_a_query_is_no_bucket() -> None:
    for url in (
        "https://ada:secret@example.org/a",
        "https://example.org/a?sig=1",
        "hf://datasets/a/b",
    ):
        with pytest.raises(ValueError, match="without user and query, which is only read"):
            PublishConfig(buckets=[url])
    PublishConfig(buckets=["https://example.org/a", "hf://ada/models/official"])


@pytest.mark.parametrize(
    ("word", "order"),
    [
        ("", "abc"),
        ("eu", "bac"),
        ("EU", "bac"),
        ("gs://m-asia/x/", "cab"),
        ("us", "abc"),
        ("gs", "cab"),
    ],
)
def test_a_bucket_is_preferred_by_a_word_of_its_url(
    word: str, order: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    buckets = {"a": "s3://museum/x", "b": "s3://m-eu/x", "c": "gs://m-asia/x"}
    monkeypatch.setenv("MODELYARD_BUCKET", word)
    assert preferred([*buckets.values()]) == [buckets[key] for key in order]
    said = "warning: no bucket has 'us' in its URL, which --bucket or MODELYARD_BUCKET asks for"
    assert capsys.readouterr().err.startswith(said if word == "us" else "")
