"""A publisher that is killed leaves nothing that stays for ever, in any kind of store."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from engine.packaged import NAME, VERSION, WHEEL, fake_build

from modelyard.disk import LEFT_SECONDS
from modelyard.publishing.environments import Environment
from modelyard.publishing.official.target import Target
from modelyard.publishing.packages import Store, store_for

HERE = Environment(name="here", host="file://..", path="packages/mine")
PACKAGE = Path("../packages/mine/tiny_models")
FOLDER = PACKAGE / VERSION
# Ends a process as `kill -9` does, before or after the nth call of one of os' functions.
KILLED = """
import os, signal, sys
name, when, nth, calls = {name!r}, {when!r}, {nth}, 0
whole = getattr(os, name)
def kill(*arguments, **options):
    global calls
    calls += 1
    if calls == nth and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    found = whole(*arguments, **options)
    if calls == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
setattr(os, name, kill)
"""
PACKAGES = """
from pathlib import Path
from engine.packaged import fake_build
from modelyard.publishing.environments import Environment
from modelyard.publishing.packages import store_for
store_for(Environment(name="here", host="file://..", path="packages/mine")).publish(
    fake_build(Path("dist")))
"""
MODELS = """
from pathlib import Path
from fsspec.callbacks import NoOpCallback
from modelyard.publishing.official.target import Target
target = Target("file://" + str(Path("bucket").absolute()))
target.replace(Path("weights"), "tiny_1/README.md", NoOpCallback())
target.put(Path("weights"), "tiny_1.keras", NoOpCallback())
"""
POINTS = [("link", "before", 1), ("link", "after", 1), ("link", "before", 2), ("link", "after", 2)]


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    Path("weights").write_bytes(b"weights")


def killed(script: str, name: str, when: str, nth: int) -> None:
    """Run a script that kills itself at a point."""
    path = os.pathsep.join(folder for folder in sys.path if folder)
    code = KILLED.format(name=name, when=when, nth=nth) + script
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, check=False
    )
    assert done.returncode == -signal.SIGKILL


def partial(folder: Path) -> list[Path]:
    return sorted(folder.rglob(".partial-*"))


def age(root: Path, seconds: float = LEFT_SECONDS + 60) -> None:
    """Make everything below a folder as old as if it had been left then."""
    for path in (*root.rglob("*"), root):
        os.utime(path, times=(time.time() - seconds,) * 2)


@pytest.fixture(name="store")
def _store() -> Store:
    return store_for(HERE)


@pytest.mark.parametrize("point", POINTS, ids=lambda point: "-".join(map(str, point)))
def test_what_a_killed_publisher_of_a_package_left_goes_with_the_next_publication(
    point: tuple[str, str, int], store: Store
) -> None:
    killed(PACKAGES, *point)
    [left] = partial(PACKAGE)
    store.publish(fake_build(Path("dist")))
    assert partial(PACKAGE) == [left]  # its publisher may still be at it
    age(PACKAGE)
    store.publish(fake_build(Path("dist")))
    assert partial(PACKAGE) == []
    assert sorted(path.name for path in FOLDER.iterdir()) == ["package.json", WHEEL]
    assert store.find(NAME, VERSION)


@pytest.mark.parametrize("point", POINTS, ids=lambda point: "-".join(map(str, point)))
def test_what_a_killed_publisher_of_a_package_left_goes_when_it_is_taken_back(
    point: tuple[str, str, int], store: Store
) -> None:
    killed(PACKAGES, *point)
    age(PACKAGE)
    store.remove(NAME, VERSION)
    assert not FOLDER.exists()
    assert not PACKAGE.exists()


def test_a_removed_version_removes_its_folder_once_nobody_writes_into_it(store: Store) -> None:
    killed(PACKAGES, "link", "before", 1)
    assert store.remove(NAME, VERSION) is False
    assert len(partial(FOLDER)) == 1
    age(PACKAGE)
    store.remove(NAME, "9.9.9")
    assert not PACKAGE.exists()


def test_a_version_of_somebody_else_stays_where_an_empty_old_folder_goes(store: Store) -> None:
    store.publish(fake_build(Path("dist")))
    (PACKAGE / "0.1.0").mkdir()
    age(PACKAGE)
    store.remove(NAME, "9.9.9")
    assert [path.name for path in PACKAGE.iterdir()] == [VERSION]


def test_a_publisher_whose_folder_was_just_removed_makes_it_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes
    removed: list[Path] = []

    def remove_first(self: Path, content: bytes) -> int:
        if not removed and self.parent == store_root():
            self.parent.rmdir()
            removed.append(self)
        return write(self, content)

    def store_root() -> Path:
        return Path("..", "packages", "mine", "tiny_models", VERSION)

    build = fake_build(Path("dist"))
    monkeypatch.setattr(Path, "write_bytes", remove_first)
    store.publish(build)
    assert store.find(NAME, VERSION) == build.sha256
    assert removed


MODEL_POINTS = [
    ("replace", "before", 1), ("replace", "after", 1), ("link", "before", 1), ("link", "after", 1),
]  # fmt: skip


@pytest.mark.parametrize("point", MODEL_POINTS, ids=lambda point: "-".join(map(str, point)))
def test_what_a_killed_publisher_of_models_left_goes_with_the_next_publication(
    point: tuple[str, str, int],
) -> None:
    bucket = Path("bucket").absolute()
    target = Target(f"file://{bucket}")
    killed(MODELS, *point)
    left = partial(bucket)
    assert len(left) == (point[:2] != ("replace", "after"))
    target.tidy()
    assert partial(bucket) == left
    age(bucket)
    target.tidy()
    assert partial(bucket) == []
    there = {path.name for path in bucket.rglob("*") if path.is_file()}
    assert there <= {"README.md", "tiny_1.keras"}


def test_foreign_files_in_a_bucket_stay() -> None:
    bucket = Path("bucket").absolute()
    for name in ("theirs/empty", "theirs/.partial-old"):
        (bucket / name).mkdir(parents=True)
    (bucket / "theirs/file").touch()
    age(bucket)
    Target(f"file://{bucket}").tidy()
    assert sorted(path.name for path in (bucket / "theirs").iterdir()) == ["empty", "file"]


@pytest.mark.parametrize("url", ["gs://bucket", "s3://bucket", "az://bucket"])
def test_a_bucket_is_not_asked_for_partial_files_that_it_cannot_have(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "modelyard.publishing.official.target.file_system", lambda _: pytest.fail("asked")
    )
    Target(url).tidy()
