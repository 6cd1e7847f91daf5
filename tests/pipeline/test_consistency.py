"""`modelyard consistency`: are the results in Git those of this code, data and configuration?"""

from pathlib import Path

from pipeline.stages import MODEL, Project


def consistent(project: Project, *arguments: str) -> tuple[bool, str]:
    """Ask; return the answer and what was said."""
    command = ("modelyard", "consistency", *arguments)
    said = project.run("sh", "-c", '"$@" 2>&1; echo "code $?"', "sh", *command)
    return said.endswith("code 0\n"), said


def test_a_fresh_clone_of_what_was_trained_is_consistent_and_fetches_nothing(
    quick: Project,
) -> None:
    copy = quick.clone()
    ok, said = consistent(copy)
    assert ok, said
    assert "Not checked: whether the artifacts are in DVC's remote" in said
    assert not list((copy.path / "data/processed").glob("*/*"))


def test_a_change_that_was_not_trained_is_named_with_its_stage(quick: Project) -> None:
    copy = quick.clone()
    copy.replace(f"models/{MODEL}/config.yaml", "epochs: 2", "epochs: 3")
    ok, said = consistent(copy)
    assert not ok
    assert f"models/{MODEL}/dvc.yaml:train would run" in said
    assert "begins with [cml]" in said


def test_results_changed_by_hand_are_named(quick: Project) -> None:
    copy = quick.clone()
    copy.replace(f"training_metrics/{MODEL}/metrics.json", '"accuracy"', '"accuracies"')
    ok, said = consistent(copy)
    assert not ok
    assert f"models/{MODEL}/dvc.yaml:evaluate, summary would run" in said


def test_code_that_was_changed_after_training_is_named(quick: Project) -> None:
    copy = quick.clone()
    with (copy.path / "src/trainer.py").open("a") as file:
        file.write("# changed\n")
    ok, said = consistent(copy)
    assert not ok
    assert f"models/{MODEL}/dvc.yaml:tune, models/{MODEL}/dvc.yaml:train" in said


def test_artifacts_that_were_never_pushed_are_named(quick: Project, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    storage.mkdir()
    quick.run("dvc", "remote", "modify", "storage", "url", str(storage))
    quick.run("git", "commit", "--quiet", "--all", "--message", "Remote")
    ok, said = consistent(quick.clone(), "--remote")
    assert not ok
    assert f"DVC's remote lacks data/processed/digits/, data/raw/digits/, models/{MODEL}" in said
    quick.run("dvc", "push", "--quiet")
    quick.run("rm", "-rf", "../clone")
    ok, said = consistent(quick.clone(), "--remote")
    assert ok, said
