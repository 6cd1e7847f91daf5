"""Packages as files: in a folder, and in a bucket that a memory plays."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from modelyard.errors import UserError
from modelyard.publishing.environments import Environment
from modelyard.publishing.packages import Store, store_for
from modelyard.publishing.packages.folders import LocalFolder

from .packaged import NAME, VERSION, WHEEL, fake_build, umask

HERE = Environment(name="here", host="file://..", path="packages/mine")
BUCKET = Environment(name="bucket", host="s3://bucket", path="mine")
FOLDER = Path("../packages/mine/tiny_models/1.2.0")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("fsspec.filesystem", lambda _: MemoryFileSystem())
    yield store_for(HERE if request.param == "folder" else BUCKET)
    MemoryFileSystem.store.clear()


def test_a_version_is_published_fetched_taken_back_and_published_again(store: Store) -> None:
    build = fake_build(Path("dist"))
    for _ in range(2):
        assert store.find(NAME, VERSION) is None
        store.publish(build)
        assert store.find(NAME, VERSION) == build.sha256
        assert store.fetch(NAME, VERSION, Path("got")).read_bytes() == b"a wheel"
        assert store.remove(NAME, VERSION) is True
        assert store.remove(NAME, VERSION) is False
    assert Path("got", WHEEL).is_file()


@pytest.mark.parametrize("spelling", ["Tiny-Models", "tiny_models", "tiny.models", "TINY--models"])
def test_every_spelling_of_a_name_means_the_same_package(store: Store, spelling: str) -> None:
    build = fake_build(Path("dist"))
    store.publish(build)
    assert store.find(spelling, VERSION) == build.sha256
    assert store.remove(spelling, VERSION)
    assert store.find(NAME, VERSION) is None


def test_another_version_or_package_is_not_there(store: Store) -> None:
    store.publish(fake_build(Path("dist")))
    assert store.find(NAME, "1.2.1") is None
    assert store.find("tiny", VERSION) is None
    assert not store.remove(NAME, "1.2.1")
    with pytest.raises(UserError, match=r"version 1\.2\.1 of tiny-models is not there; publish it"):
        store.fetch(NAME, "1.2.1", Path("got"))
    assert not Path("got").exists()


def test_an_interrupted_publication_is_absent_and_the_same_build_completes_it(store: Store) -> None:
    build = fake_build(Path("dist"))
    _interrupt(store, build.package_json())
    assert store.find(NAME, VERSION) is None
    store.publish(build)
    assert store.find(NAME, VERSION) == build.sha256


def test_another_build_does_not_mix_with_an_interrupted_one_until_that_is_removed(
    store: Store,
) -> None:
    _interrupt(store, fake_build(Path("other"), b"other").package_json())
    build = fake_build(Path("dist"))
    with pytest.raises(UserError, match="is there from another build, without its wheel") as caught:
        store.publish(build)
    assert f"python -m ci.unpublish --package {NAME} --version {VERSION} --env" in str(caught.value)
    assert store.find(NAME, VERSION) is None
    assert store.remove(NAME, VERSION)
    store.publish(build)
    assert store.find(NAME, VERSION) == build.sha256


def test_what_is_there_is_never_overwritten(store: Store) -> None:
    first = fake_build(Path("dist"))
    store.publish(first)
    with pytest.raises(UserError):
        store.publish(fake_build(Path("other"), b"other"))
    assert store.find(NAME, VERSION) == first.sha256


def test_a_damaged_wheel_has_another_digest_and_is_not_fetched() -> None:
    store, build = store_for(HERE), fake_build(Path("dist"))
    store.publish(build)
    (FOLDER / WHEEL).write_bytes(b"a wheal")
    assert store.find(NAME, VERSION) not in (None, build.sha256)
    with pytest.raises(UserError, match=r"is not the file that its package\.json describes"):
        store.fetch(NAME, VERSION, Path("got"))
    assert not Path("got").exists()


def test_package_json_lies_beside_the_wheel_and_nothing_else_does() -> None:
    build = fake_build(Path("dist"))
    with umask(0o022):
        store_for(HERE).publish(build)
    assert sorted(path.name for path in FOLDER.iterdir()) == ["package.json", WHEEL]
    assert json.loads((FOLDER / "package.json").read_text())["sha256"] == build.sha256
    assert (FOLDER / WHEEL).stat().st_mode & 0o777 == 0o644  # others may read it


def test_removal_leaves_what_is_not_of_that_version() -> None:
    store = store_for(HERE)
    store.publish(fake_build(Path("dist")))
    kept = FOLDER.parent / "1.1.0" / "tiny_models-1.1.0-py3-none-any.whl"
    kept.parent.mkdir()
    kept.write_bytes(b"old")
    store.remove(NAME, VERSION)
    assert kept.read_bytes() == b"old"
    assert not FOLDER.exists()


def test_of_several_who_publish_at_once_exactly_one_writes_a_file() -> None:
    folder = LocalFolder(HERE)
    contents = [bytes([number]) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda content: folder.create("a/b", content), contents))
    assert written.count(True) == 1
    assert folder.read("a/b") == contents[written.index(True)]
    assert [path.name for path in Path("../packages/mine/a").iterdir()] == ["b"]


def test_a_folder_of_the_user_s_home_may_be_named_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    LocalFolder(Environment(name="home", host="file://~", path="packages")).create("a", b"1")
    assert (tmp_path / "home/packages/a").read_bytes() == b"1"


def test_a_folder_that_cannot_be_written_is_named_with_the_reason() -> None:
    Path("../packages").write_text("a file")
    with pytest.raises(UserError, match=r"here: \.\./packages/mine cannot be used: .*directory"):
        store_for(HERE).publish(fake_build(Path("dist")))


def test_a_bucket_without_the_package_for_it_says_what_to_require(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(protocol: str) -> None:
        raise ImportError(protocol)

    monkeypatch.setattr("fsspec.filesystem", missing)
    with pytest.raises(UserError, match=r"write dvc\[s3\] in requirements\.txt"):
        store_for(BUCKET)


def _interrupt(store: Store, package_json: bytes) -> None:
    """Leave what a publication leaves that is killed before its wheel."""
    folder = store._folder  # type: ignore[attr-defined]
    folder.create("tiny_models/1.2.0/package.json", package_json)
