"""Model tests of a real project: what breaks training or a saved model is caught, also in CI."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from github.workflow import Results
from support import ROOT, ProjectEnvironment, bake, run

from pipeline.circles import use, write_circles
from pipeline.cloud import CLOUD, Cloud
from pipeline.processes import gone
from pipeline.stages import MODEL, Project, equipped

STEP = "Train and judge"
FOLDER = ".model_tests/QuickTraining@local"
KEPT = {
    "junit.xml",
    *(f"QuickTraining@local/{name}" for name in ("inference.txt", "log.txt", "result.json")),
}
READY = "return self.recipe.ready(model)"
STILL = "model.optimizer.learning_rate = 0.0"
PERTURB = """
import sys, keras
model = keras.models.load_model(sys.argv[1])
*weights, last = model.get_weights()
model.set_weights([*weights, last + [0.001 * n for n in range(len(last))]])
model.save(sys.argv[1])
"""


def judged(project: Project, *options: str) -> tuple[int, str]:
    """Run model tests; return the exit status and what was printed."""
    program = 'python -m ci.run_tests "$@"; echo "exit $?"'
    found = {"PATH": f"{project.environment.variables['PATH']}{os.pathsep}{ROOT / '.uv/bin'}"}
    printed = project.run("sh", "-c", program, "sh", *options, variables=found)
    said, _, status = printed.rpartition("exit ")
    return int(status), said


def in_ci(cloud: Cloud, **event: str) -> Results:
    """Run ci.yaml without its other jobs."""
    cloud.lost = frozenset({"tests", "consistency", "acceptance"})
    return cloud.start("ci", **event)


def kept(cloud: Cloud) -> set[str]:
    """Return what the last run kept of the model tests."""
    folder = cloud.root / f"artifacts-{cloud.runs}/model_tests"
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_ci_passes_until_a_change_makes_training_worse(
    finished: Project, on_github: Callable[[Project], Cloud]
) -> None:
    cloud = on_github(finished)
    results = in_ci(cloud)["model_tests"]
    assert results.result == "success", results.log
    assert "Running stage 'prepare'" in results.log  # a fresh clone, whose remote is elsewhere
    assert "QuickTraining@local: passed" in results.log
    assert kept(cloud) == KEPT
    finished.replace("src/trainer.py", READY, f"{STILL}; {READY}")
    cloud.commit("Tidy up")
    results = in_ci(cloud)["model_tests"]
    assert results.result == "failure"
    assert "error: QuickTraining@local: test.accuracy: expected at least 0.9" in results.log
    assert kept(cloud) == KEPT


def test_data_of_one_s_own_comes_from_the_bucket_and_a_fork_says_that_it_cannot_have_it(
    cloud: Cloud,
) -> None:
    cloud.variables.update(CLOUD)
    cloud.git("update-ref", "refs/pull/1/merge", "main")
    event = {"name": "pull_request", "ref": "refs/pull/1/merge", "base_ref": "main"}
    results = in_ci(cloud, **event, head_repository="fork/digits")["model_tests"]
    assert results.result == "success", results.log
    assert "No model test ran" in results.log
    assert not [name for name, _ in cloud.used if name == "google-github-actions/auth"]
    results = in_ci(cloud, **event)["model_tests"]
    assert [name for name, _ in cloud.used if name == "google-github-actions/auth"]
    assert "Pulling data for stage: 'prepare'" in results.log
    assert "min to be decided" in results.step(STEP).log  # as the circles were adopted


def test_ci_says_that_it_cannot_have_data_which_is_kept_in_a_folder_of_another_machine(
    tmp_path: Path,
    project_environment: ProjectEnvironment,
    on_github: Callable[[Project], Cloud],
) -> None:
    project = equipped(bake(tmp_path / "baked"), project_environment)
    project.run("git", "init", "--quiet")
    write_circles(project.path / "data/raw/circles", 3)
    project.run("dvc", "add", "--quiet", "data/raw/circles")
    use(project, "data/raw/circles")
    project.run("dvc", "remote", "modify", "storage", "url", "/mnt/nas/nowhere")
    project.run("git", "add", ".")
    project.run("git", "rm", "--quiet", "--cached", "uv.lock")
    project.run("git", "commit", "--quiet", "--message", "Circles")
    cloud = on_github(project)
    results = in_ci(cloud)["model_tests"]
    assert results.result == "success", results.log
    said = results.step(STEP).log
    assert "::warning::No model test ran: DVC's remote is the folder /mnt/nas/nowhere" in said
    assert "Running stage" not in said
    nor_does_a_training_begin_there(cloud)


def nor_does_a_training_begin_there(cloud: Cloud) -> None:
    cloud.lost = frozenset()
    train = cloud.start("cml", message="[cml] Circles")["train"]
    *_, said = train.step("Get Input Artifacts").log.splitlines()
    assert said.startswith(
        "error: data/raw/circles.dvc cannot be fetched: DVC's remote is the folder /mnt/nas/nowhere"
    )
    assert "failed to pull" not in train.log  # DVC's words, which name another cause
    assert train.step("Train Model").outcome == "skipped"
    assert "did not finish" in cloud.github.comments[0][1]


def test_a_cml_run_can_end_with_model_tests(cloud: Cloud) -> None:
    project = cloud.project
    project.replace(".github/workflows/cml.yaml", "MODEL_TESTS: none", "MODEL_TESTS: quick")
    project.replace("model_tests.yaml", "    accuracy: decide", "    accuracy: {min: 1.01}")
    results = cloud.push("[cml] Train and test")["train"]
    assert results.step("Judge").outcome == "success", results.log
    assert results.step("Model Tests").outcome == "failure"
    said = results.step("Model Tests").log
    assert "QuickTraining@local: test.accuracy: expected at least 1.01, observed " in said
    assert "FullTraining" not in said
    assert kept(cloud) == KEPT


def test_the_checkout_stays_untouched_and_a_saved_model_that_is_changed_is_caught(
    finished: Project,
) -> None:
    before = finished.model_files()
    status, said = judged(finished, "--quick")
    assert status == 0, said
    assert finished.run("git", "status", "--porcelain") == ""
    assert finished.repro() == set()
    assert finished.model_files() == before
    assert gone(finished)
    folder = finished.path / FOLDER
    image = "data/processed/digits/test_images.npy"
    assert (folder / image).samefile(finished.path / image)
    code = json.loads((folder / "code.json").read_text())
    assert Path(code["folder"]) == finished.path / "src"
    finished.run("python", "-c", PERTURB, str(folder / f"models/{MODEL}/model.keras"))
    status, said = judged(finished, "--quick", "--no-train")
    assert status == 1
    assert "269 predictions differ from those at training time by more than 1e-05" in said
    assert "the first is of images/" in said
    assert "inference with model.tflite" not in said


def test_the_model_in_the_checkout_is_judged_where_a_test_asks_for_just_that(
    finished: Project,
) -> None:
    status, said = judged(finished, "--test", "FullTraining", "--no-train")
    assert status == 0, said
    status, said = judged(finished, "--test", "QuickTraining", "--no-train")
    assert status == 1
    assert f"models/{MODEL} was trained otherwise: params.epochs was 40" in said


def test_the_published_package_is_tested_not_the_checkout(finished: Project) -> None:
    finished.replace("model_tests.yaml", "  env: local", "  env: [local, dogfood]")
    finished.run("git", "commit", "--quiet", "--all", "--message", "Test what is shipped")
    status, said = judged(finished, "--quick", "--env", "dogfood")
    assert status == 1
    assert "error: QuickTraining@dogfood: dogfood: version 0.1.0 of digit-classifier" in said
    finished.run("python", "-m", "ci.publish", "--env", "dogfood")
    finished.replace("src/trainer.py", "start(config)", "no_such_function()")
    status, said = judged(finished, "--quick", "--jobs", "2")
    assert status == 1
    assert "QuickTraining@dogfood: passed" in said
    assert (
        "error: QuickTraining@local: the training ended with exit status 1: AttributeError" in said
    )
    code = json.loads((finished.path / ".model_tests/QuickTraining@dogfood/code.json").read_text())
    assert "environments/dogfood/lib" in code["folder"]
    record = finished.yaml(
        f".model_tests/QuickTraining@dogfood/models/{MODEL}/train_configuration.yaml"
    )
    assert record["git_commit"] == run(finished.path, "git", "rev-parse", "HEAD").strip()
    assert not (finished.path / ".model_tests/environments").exists()


def test_a_model_that_is_not_exported_is_trained_accepted_and_tested(finished: Project) -> None:
    finished.replace(f"models/{MODEL}/config.yaml", "export: [tflite]", "export: []")
    assert finished.repro() == {"tune", "train", "evaluate", "summary"}
    exports = finished.path / f"models/{MODEL}/exports"
    assert list(exports.iterdir()) == []
    exports.rmdir()
    finished.run("dvc", "checkout", "--quiet")
    assert exports.is_dir()
    assert finished.repro() == set()
    said = finished.run("modelyard", "acceptance")
    assert "--  tflite.max_difference: not judged: params.export has no tflite" in said
    finished.run("modelyard", "report")
    report = (finished.path / f"reports/{MODEL}/report.md").read_text()
    assert "not judged: params.export has no tflite" in report
    assert "**Accepted**" in report
    status, said = judged(finished, "--quick")
    assert status == 0, said
    assert "model.tflite" not in said
    status, said = judged(finished, "--test", "FullTraining", "--no-train")
    assert status == 0, said
    assert "not judged" in said
