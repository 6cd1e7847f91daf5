"""What must survive a power cut is on the disk before it has its name, and so is the name."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.packaged import NAME, VERSION, WHEEL, fake_build
from fsspec.callbacks import NoOpCallback

from modelyard.files import whole_file, write_json
from modelyard.publishing.environments import Environment
from modelyard.publishing.official.target import Target
from modelyard.publishing.packages import store_for
from modelyard.search.internals import write_state

from .trainings import backup, network

pytestmark = [
    pytest.mark.slow,  # TensorFlow
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="of Linux"),
]


@pytest.fixture(name="events")
def _events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what reaches the disk, and what gets a name, in order."""
    monkeypatch.chdir(tmp_path)
    found: list[str] = []

    def sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        found.append(f"sync {'folder' if path.is_dir() else 'file'}")

    def naming(name: str) -> Callable[..., object]:
        whole = getattr(os, name)

        def call(source: str, target: str, **options: object) -> object:
            found.append(f"name {Path(target).name}")
            return whole(source, target, **options)

        return call

    monkeypatch.setattr(os, "fsync", sync)
    for name in ("replace", "link"):
        monkeypatch.setattr(os, name, naming(name))
    return found


def durable(name: str) -> list[str]:
    return ["sync file", f"name {name}", "sync folder"]


def test_a_durable_file_is_on_the_disk_before_it_has_its_name(events: list[str]) -> None:
    with whole_file(Path("kept"), durable=True) as temporary:
        temporary.write_text("all of it")
    assert events == durable("kept")


def test_what_can_be_made_again_does_not_wait_for_the_disk(events: list[str]) -> None:
    write_json(Path("made.json"), {})
    assert events == ["name made.json"]


def test_the_state_of_a_search_survives(events: list[str]) -> None:
    write_state(Path("oracle.json"), {})
    assert events == durable("oracle.json")


def test_every_epoch_of_a_training_survives_and_is_named_after_it(events: list[str]) -> None:
    subject, model = backup(Path(".checkpoints/train/tiny/0")), network()
    subject.claim()
    subject.set_model(model)
    subject.set_params({"epochs": 9})
    events.clear()
    subject.on_epoch_end(0, {"val_loss": 1.0})
    assert events[:6] == [*durable("epoch-0.npz"), *durable("state.json")]


def test_published_packages_and_models_survive(events: list[str]) -> None:
    Path("project").mkdir()
    os.chdir("project")
    build = fake_build(Path("dist"))
    store = store_for(Environment(name="here", host="file://..", path="packages"))
    store.publish(build)
    assert events == [*durable("package.json"), *durable(WHEEL)]
    assert store.find(NAME, VERSION) == build.sha256
    events.clear()
    Target(f"file://{Path('bucket').absolute()}").put(build.wheel, "m.keras", NoOpCallback())
    assert events == durable("m.keras")
