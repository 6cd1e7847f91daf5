"""Other answers to the prompts: other names, a bucket, the very same model."""

import pytest
from support import ProjectEnvironment, bake

from pipeline.stages import MODEL, Project, equipped

OTHER = "leaves_classifier"  # as long as the default: sizes of files are equal too
ANSWERS = {
    "project_name": "Leaf Sorter",
    "model_name": OTHER,
    "dvc_remote_url": "gs://bucket/leaf/sorter",
}


@pytest.fixture(scope="module")
def other(
    project_environment: ProjectEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """Bake with other answers and run; to be read only."""
    path = bake(tmp_path_factory.mktemp("other"), **ANSWERS)
    project = equipped(path, project_environment)
    project.run("sh", "run.sh")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "--message", "First model")
    return project


def test_the_same_seed_trains_the_very_same_model_under_other_names(
    other: Project, finished: Project
) -> None:
    assert other.path.name == "leaf_sorter"
    assert other.weights(OTHER).replace(OTHER.encode(), MODEL.encode()) == finished.weights()
    measured = [other.metrics(OTHER), finished.metrics()]
    for metrics in measured:
        assert metrics.pop("weights")  # of the saved file, which has the model's name in it
    assert measured[0] == measured[1]
    assert other.history(OTHER) == finished.history()
    values = [
        (project.path / f"models/{model}/hyperparameters.yaml").read_bytes()
        for project, model in ((other, OTHER), (finished, MODEL))
    ]
    assert values[0] == values[1]


def test_another_seed_trains_another_model(quick: Project) -> None:
    weights, history = quick.weights(), quick.history()
    quick.replace(f"models/{MODEL}/config.yaml", "seed: 42  # initial", "seed: 43  # initial")
    assert quick.repro() == {"tune", "train", "evaluate", "summary"}
    assert quick.weights() != weights
    assert quick.history() != history


def test_a_clone_pulls_the_model_from_the_bucket_of_the_answers(
    other: Project, bucket: dict[str, str]
) -> None:
    other.run("dvc", "push", variables=bucket)
    copy = other.clone()
    copy.run("dvc", "pull", variables=bucket)
    assert copy.model_files(OTHER) == other.model_files(OTHER)
    assert "up to date" in copy.run("dvc", "status")
    assert "in sync" in copy.run("dvc", "status", "--cloud", variables=bucket)
    assert copy.repro() == set()
