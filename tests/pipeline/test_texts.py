"""A project of texts, on few snippets and for three epochs: what runs, not how well."""

import pytest
from support import ProjectEnvironment, bake

from pipeline.stages import Project, equipped, stages

MODEL = "snippets_classifier"
EXAMPLE = "modelyard.data.snippets data/raw/snippets"
LANGUAGES = {"cpp", "markdown", "python", "restructuredtext", "stub"}


@pytest.fixture(scope="module")
def texts(
    project_environment: ProjectEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, str]:
    """Bake a project of texts and run its README's command; return it and the log."""
    path = bake(tmp_path_factory.mktemp("texts"), task="text_classification")
    project = equipped(path, project_environment)
    project.replace("dvc.yaml", EXAMPLE, f"{EXAMPLE} --snippets 60")
    project.replace(f"models/{MODEL}/config.yaml", "epochs: 30", "epochs: 3")
    return project, project.run("sh", "run.sh")


def test_the_readme_s_command_runs_all_stages_and_again_none(texts: tuple[Project, str]) -> None:
    project, log = texts
    assert stages(log) >= {"example_data", "prepare"}
    metrics = project.metrics(MODEL)
    assert set(metrics["test"]["per_class"]) == LANGUAGES
    assert metrics["test"]["accuracy"] > metrics["test"]["baseline"]["accuracy"]
    assert metrics["tflite"]["max_difference"] < 1e-5
    assert "tokens of the training texts; of those in validation texts" in log
    assert project.repro() == set()


def test_the_vocabulary_is_an_input_of_training(texts: tuple[Project, str]) -> None:
    project, _ = texts
    lock = project.yaml(f"models/{MODEL}/dvc.lock")["stages"]
    named = {dep["path"] for dep in lock["train"]["deps"]}
    assert "data/processed/snippets/vocabulary.txt" in named


def test_a_text_is_predicted_and_a_baseline_is_added(texts: tuple[Project, str]) -> None:
    project, _ = texts
    (project.path / "some.txt").write_text("def f(x): return x\n\n")
    said = project.run(
        "modelyard", "predict", f"models/{MODEL}", "some.txt", "--output", "said.csv"
    )
    assert "1 text" in said
    assert (project.path / "said.csv").read_text().startswith("path,row,class,probability\nsome")
    project.run("make", "new-model", "ENTRY=tfidf", "NAME=second")
    ran = {stage.rpartition(":")[2] for stage in project.repro()}
    assert ran == {"tune", "train", "evaluate", "summary"}
    assert project.metrics("second")["test"]["accuracy"] > 0.5
