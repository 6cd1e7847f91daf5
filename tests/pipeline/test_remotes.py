"""Data and models travel through DVC remotes and between repositories."""

from pathlib import Path

from pipeline.circles import use, write_circles
from pipeline.stages import MODEL, Project


def test_a_clone_beside_the_project_pulls_the_model(finished: Project) -> None:
    finished.run("dvc", "push")
    copy = finished.clone()
    copy.run("dvc", "pull")
    assert copy.model_files() == finished.model_files()
    assert "up to date" in copy.run("dvc", "status")
    assert copy.repro() == set()


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


def test_input_artifacts_are_updated_if_imported_and_pulled_if_our_own(finished: Project) -> None:
    source = registry(finished)
    finished.run("dvc", "import", "--quiet", "-o", "data/raw/circles", str(source), "circles")
    write_circles(finished.path / "data/raw/own", 3)
    finished.run("dvc", "add", "--quiet", "data/raw/own")
    finished.run("dvc", "push", "--quiet")
    finished.run("git", "commit", "--quiet", "--all", "--message", "Inputs")
    write_circles(source / "circles", 50)
    other = Project(source, finished.environment)
    for command in (("dvc", "add", "--quiet", "circles"), ("dvc", "push", "--quiet")):
        other.run(*command)
    other.run("git", "commit", "--quiet", "--all", "--message", "v3")
    copy = finished.clone()
    copy.run("modelyard", "cloud", "inputs")
    assert len(list((copy.path / "data/raw/circles").glob("*.ppm"))) == 50
    assert len(list((copy.path / "data/raw/own").glob("*.ppm"))) == 3
    # What was updated is staged, and so comes back with the results.
    assert copy.run("git", "diff", "--cached", "--name-only").split() == ["data/raw/circles.dvc"]


def total(counts: dict[str, dict[str, int]]) -> int:
    return sum(sum(split.values()) for split in counts.values())
