"""Projects of the other two tasks, on few scenes and for two epochs: what runs, not how well."""

import json

import pytest
from support import ProjectEnvironment, bake

from pipeline.stages import Project, equipped, stages

MODELS = {"object_detection": "digits_detector", "instance_segmentation": "digits_segmenter"}
ALL, FEW = 4000, 100
KINDS = {"object_detection": {"box"}, "instance_segmentation": {"box", "mask"}}


@pytest.fixture(scope="module", params=MODELS)
def scenes(
    request: pytest.FixtureRequest,
    project_environment: ProjectEnvironment,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Project, str]:
    """Bake a project of the task and run its README's command; return both and the log."""
    path = bake(tmp_path_factory.mktemp("scenes"), task=request.param)
    project = equipped(path, project_environment)
    project.replace("dvc.yaml", f"--scenes {ALL}", f"--scenes {FEW}")
    project.replace(f"models/{MODELS[request.param]}/config.yaml", "epochs: 25", "epochs: 2")
    return request.param, project, project.run("sh", "run.sh")


def test_the_readme_s_command_runs_all_stages_and_again_none(
    scenes: tuple[str, Project, str],
) -> None:
    task, project, log = scenes
    model = MODELS[task]
    assert stages(log) >= {"example_data", "prepare"}
    metrics = project.metrics(model)
    assert set(metrics["test"]) == KINDS[task] | {"exact_match", "per_class"}
    assert set(metrics["test"]["per_class"]) == {str(digit) for digit in range(10)}
    assert (project.path / f"training_metrics/{model}/examples.png").stat().st_size > 10_000
    assert project.repro() == set()


def test_what_is_required_is_said_and_reported(scenes: tuple[str, Project, str]) -> None:
    task, project, _ = scenes
    said = project.run("modelyard", "acceptance", check=False)
    assert "test.box.map is" in said
    assert ("test.mask.map is" in said) == (task == "instance_segmentation")
    project.run("make", "report")
    report = (project.path / f"reports/{MODELS[task]}/report.md").read_text()
    assert "![Precision and recall at an IoU of 0.5](precision_recall.png)" in report
    assert "AP of boxes" in report


def test_a_second_model_of_the_zoo_trains_beside_the_first(
    scenes: tuple[str, Project, str],
) -> None:
    task, project, _ = scenes
    entry = {"object_detection": "centers_mobilenet", "instance_segmentation": "center_masks"}
    project.run("make", "new-model", f"ENTRY={entry[task]}", "NAME=second")
    project.replace("models/second/config.yaml", "epochs: 25", "epochs: 1")
    ran = project.repro()
    assert {stage.rpartition(":")[2] for stage in ran} == {"tune", "train", "evaluate", "summary"}
    assert json.loads((project.path / "training_metrics.json").read_text()).keys() == {
        MODELS[task], "second",
    }  # fmt: skip
    assert "second" in project.run("modelyard", "zoo", "measure")


def test_the_project_s_own_checks_pass(scenes: tuple[str, Project, str]) -> None:
    task, project, _ = scenes
    if task == "object_detection":  # the other has the same code; documented code is linted in it
        assert "All checks passed" in project.run("make", "lint")
    assert " passed" in project.run("make", "test")
