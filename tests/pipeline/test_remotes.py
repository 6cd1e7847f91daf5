"""Data and models travel through DVC remotes and between repositories."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.stages import MODEL, Project

GS = {
    "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",  # or every look-up waits a minute
    "NO_GCE_CHECK": "true",
}


@pytest.fixture
def bucket() -> Iterator[dict[str, str]]:
    """A gs:// server with the bucket `bucket`; yields the variables that lead to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("gcp-storage-emulator")
    command = [str(program), "start", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--in-memory", "--default-bucket", "bucket"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield {**GS, "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}"}
    finally:
        server.terminate()
        server.wait()


def clone(project: Project, name: str = "clone") -> Project:
    """Clone a project to a folder beside it."""
    target = project.path.parent / name
    project.run("git", "clone", "--quiet", str(project.path), str(target))
    return Project(target, project.environment)


def assert_same_model(left: Project, right: Project) -> None:
    for name in ("model.keras", "model.tflite", "output_mapping.json", "train_configuration.yaml"):
        file = f"models/{MODEL}/{name}"
        assert (left.path / file).read_bytes() == (right.path / file).read_bytes()


def test_a_clone_beside_the_project_pulls_the_model(finished: Project) -> None:
    finished.run("dvc", "push")
    copy = clone(finished)
    copy.run("dvc", "pull")
    assert_same_model(finished, copy)
    assert "up to date" in copy.run("dvc", "status")
    assert copy.repro() == set()


def test_a_clone_pulls_the_model_from_a_gs_bucket(
    finished: Project, bucket: dict[str, str]
) -> None:
    finished.run("dvc", "remote", "modify", "storage", "url", "gs://bucket/store")
    finished.run("git", "commit", "--quiet", "--all", "--message", "Move to a bucket")
    finished.run("dvc", "push", variables=bucket)
    copy = clone(finished)
    copy.run("dvc", "pull", variables=bucket)
    assert_same_model(finished, copy)
    assert copy.repro() == set()


def write_circles(folder: Path, count: int) -> None:
    """Write images of two classes, bright and dark, with their CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["path,class"]
    for number in range(count):
        label, value = ("bright", 200 + number) if number % 2 else ("dark", number)
        (folder / f"{number}.ppm").write_bytes(b"P6 10 12 255\n" + bytes([value] * 360))
        rows.append(f"{number}.ppm,{label}")
    (folder / "annotations.csv").write_text("\n".join(rows) + "\n")


def use(project: Project, root: str) -> None:
    """Point the configuration at other data, as src/data/README.md says."""
    project.replace("config.yaml", "root: data/raw/digits", f"root: {root}")
    project.replace("config.yaml", "image_size:", "image_size:  # of circles")
    project.replace(f"models/{MODEL}/config.yaml", "epochs: 40", "epochs: 1")
    project.replace(f"models/{MODEL}/config.yaml", "batch_size: 32", "batch_size: 8")


def test_own_data_takes_one_change_of_configuration(finished: Project) -> None:
    write_circles(finished.path / "data/raw/circles", 40)
    finished.run("dvc", "add", "data/raw/circles")
    use(finished, "data/raw/circles")
    finished.run("dvc", "remove", "example_data", "--outs")
    assert finished.repro() == {"prepare", "tune", "train", "evaluate", "summary"}
    mapping = finished.yaml(f"models/{MODEL}/output_mapping.json")
    assert mapping == {"0": "bright", "1": "dark"}
    finished.run("git", "add", ".")
    assert "data/raw/circles.dvc" in finished.run("git", "ls-files")
    finished.run("git", "commit", "--quiet", "--message", "Circles")
    finished.run("dvc", "push")
    copy = clone(finished)
    copy.run("dvc", "pull")
    assert (copy.path / "data/raw/circles/0.ppm").exists()
    assert copy.repro() == set()


def registry(project: Project) -> Path:
    """Make a second repository that tracks circles with DVC, with tags v1 (40) and v2 (44)."""
    path = project.path.parent / "registry"
    path.mkdir()
    other = Project(path, project.environment)
    other.run("git", "init", "--quiet")
    other.run("dvc", "init", "--quiet")
    other.run("dvc", "remote", "add", "--quiet", "--default", "store", str(path.parent / "store"))
    for tag, count in (("v1", 40), ("v2", 44)):
        write_circles(path / "circles", count)
        other.run("dvc", "add", "--quiet", "circles")
        other.run("dvc", "push", "--quiet")
        other.run("git", "add", ".")
        other.run("git", "commit", "--quiet", "--message", tag)
        other.run("git", "tag", tag)
    return path


def test_imported_data_is_trained_on_and_updated(finished: Project) -> None:
    source = registry(finished)
    target = "data/raw/circles"
    finished.run("dvc", "import", "--rev", "v1", "-o", target, str(source), "circles")
    use(finished, target)
    finished.repro()
    manifest = "data/processed/digits/manifest.json"
    before = finished.yaml(manifest)["counts"]
    finished.run("dvc", "update", "--rev", "v2", f"{target}.dvc")
    assert finished.repro() >= {"prepare", "train", "evaluate"}
    after = finished.yaml(manifest)["counts"]
    assert total(before) == 40
    assert total(after) == 44


def total(counts: dict[str, dict[str, int]]) -> int:
    return sum(sum(split.values()) for split in counts.values())
