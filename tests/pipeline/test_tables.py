"""A project of a table, for three epochs: what runs, not how well."""

import pytest
from support import ProjectEnvironment, bake

from pipeline.stages import Project, equipped, stages

MODEL = "tumor_classifier"


@pytest.fixture(scope="module")
def table(
    project_environment: ProjectEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, str]:
    """Bake a project of a table and run its README's command; return it and the log."""
    path = bake(tmp_path_factory.mktemp("table"), task="tabular")
    project = equipped(path, project_environment)
    project.replace(f"models/{MODEL}/config.yaml", "epochs: 100", "epochs: 3")
    return project, project.run("sh", "run.sh")


def test_the_readme_s_command_runs_all_stages_and_again_none(table: tuple[Project, str]) -> None:
    project, log = table
    assert stages(log) >= {"example_data", "prepare"}
    assert "\nmean_radius              number          -        6.981 to 28.11\n" in log
    metrics = project.metrics(MODEL)
    assert set(metrics["test"]["per_class"]) == {"benign", "malignant"}
    assert metrics["test"]["accuracy"] > metrics["test"]["baseline"]["accuracy"] + 0.15
    assert metrics["tflite"]["max_difference"] < 1e-5
    assert project.repro() == set()


def test_rows_are_predicted_and_trees_are_added(table: tuple[Project, str]) -> None:
    project, _ = table
    rows = "data/raw/breast_cancer/breast_cancer.csv"
    said = project.run("modelyard", "predict", f"models/{MODEL}", rows, "--output", "said.csv")
    assert "said.csv: 569 rows" in said
    project.run("make", "new-model", "ENTRY=boosting", "NAME=second")
    ran = {stage.rpartition(":")[2] for stage in project.repro()}
    assert ran == {"tune", "train", "evaluate", "summary"}
    assert project.metrics("second")["test"]["accuracy"] > 0.9
