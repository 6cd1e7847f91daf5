"""Data and models travel through DVC remotes and between repositories."""

from pathlib import Path

from pipeline.stages import MODEL, Project


def test_a_clone_beside_the_project_pulls_the_model(finished: Project) -> None:
    finished.run("dvc", "push")
    copy = finished.clone()
    copy.run("dvc", "pull")
    assert copy.model_files() == finished.model_files()
    assert "up to date" in copy.run("dvc", "status")
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
    copy = finished.clone()
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
