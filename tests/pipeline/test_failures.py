"""Bad input on the real pipeline: a sentence, an exit code, and the way on."""

import hashlib
import os
import shutil
from pathlib import Path

from support import Bake, ProjectEnvironment

from pipeline.stages import MODEL, Project, equipped

CONFIG = f"models/{MODEL}/config.yaml"


def test_a_failing_stage_fails_run_sh_and_the_same_command_goes_on(finished: Project) -> None:
    image = finished.path / "data/raw/digits/images/0000.png"
    pixels = image.read_bytes()
    image.write_bytes(b"no image")
    finished.run("dvc", "commit", "--force", "example_data")
    done = finished.run("sh", "-c", "sh run.sh; echo status $?")
    assert "data/raw/digits/images/0000.png cannot be read as an image" in done
    assert "the same command continues" in done
    assert "status 255" in done
    image.write_bytes(pixels)
    finished.run("dvc", "commit", "--force", "example_data")
    assert "status 0" in finished.run("sh", "-c", "sh run.sh; echo status $?")


def test_a_misspelt_key_stops_before_anything_runs(finished: Project) -> None:
    finished.replace(CONFIG, "epochs: 40", "epoch: 40")
    before = finished.run("git", "status", "--porcelain")
    log = finished.run("sh", "-c", "sh run.sh; echo status $?")
    assert f"error: {CONFIG}: params.epoch is not a known key (did you mean 'epochs'?)" in log
    assert log.endswith("status 1\n")
    assert "Running stage" not in log
    assert finished.run("git", "status", "--porcelain") == before


def test_an_unknown_model_is_refused_with_the_known_ones(finished: Project) -> None:
    log = finished.run("sh", "-c", "sh run.sh digits; echo status $?")
    assert log == (
        f"error: models/digits/config.yaml does not exist; known models: {MODEL}.\nstatus 1\n"
    )


def test_an_empty_lock_of_a_killed_dvc_is_dropped(quick: Project) -> None:
    lock = quick.path / ".dvc/tmp/rwlock"
    lock.write_text("")
    log = quick.run("sh", "run.sh")
    note = "note: dropped the lock .dvc/tmp/rwlock of a run that was killed: it was damaged.\n"
    assert log.startswith(note)
    assert "Running stage" not in log


def damage(path: Path) -> Path:
    """Cut the original of a file in DVC's cache short; return it."""
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    [original] = path.parents[2].glob(f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}")
    original.chmod(0o644)
    os.truncate(original, 1000)
    original.chmod(0o444)  # so DVC trusts it
    return original


def test_a_damaged_model_in_the_cache_is_trained_again(quick: Project) -> None:
    model, weights = quick.path / f"models/{MODEL}/model.keras", quick.weights()
    damage(model)
    model.unlink()
    log = quick.run("sh", "run.sh")
    assert f"note: models/{MODEL}/model.keras is damaged in DVC's cache; removed, to be made" in log
    assert "Epoch 2/2" in log
    assert quick.weights() == weights


def test_a_damaged_model_that_dvc_takes_for_an_earlier_result_is_trained_again(
    quick: Project,
) -> None:
    model, weights = quick.path / f"models/{MODEL}/model.keras", quick.weights()
    damage(model)
    quick.replace(CONFIG, "epochs: 2", "epochs: 1")
    quick.repro()
    quick.replace(CONFIG, "epochs: 1", "epochs: 2")
    log = quick.run("sh", "run.sh")
    assert "is cached - skipping run" in log
    assert f"note: models/{MODEL}/model.keras is damaged in DVC's cache; removed, to be made" in log
    assert quick.weights() == weights


def test_a_dry_run_of_a_fresh_bake_says_what_would_run_and_changes_nothing(
    bake: Bake, project_environment: ProjectEnvironment
) -> None:
    project = equipped(bake(), project_environment)
    log = project.run("sh", "run.sh", "--dry")
    stages = ", ".join(f"models/{MODEL}/dvc.yaml:{name}" for name in ("tune", "train", "evaluate"))
    said, would = log.splitlines()
    assert said.startswith("There is no commit yet")
    assert would == f"example_data, prepare, {stages} would run."
    assert not (project.path / "dvc.lock").exists()
    assert not list(project.path.glob("data/raw/*/*"))
    dashed = project.path.rename(project.path.parent / "-dash")
    assert project.environment.run(dashed.parent, "sh", "--", "-dash/run.sh", "--dry") == log


def test_without_git_a_fresh_bake_says_what_is_missing(bake: Bake, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("dirname", "env", "sh"):
        (programs / name).symlink_to(shutil.which(name) or name)
    command = f"PATH='{programs}' sh run.sh; echo status $?"
    said = ProjectEnvironment(programs, {}).run(bake(), "sh", "-c", command)
    assert said == (
        "error: git is not installed, and DVC keeps its records in a Git repository; "
        "install git (https://git-scm.com).\nstatus 1\n"
    )


def test_a_dry_run_of_finished_results_says_that_nothing_would_run(quick: Project) -> None:
    assert quick.run("sh", "run.sh", "--dry") == "Nothing would run.\n"
