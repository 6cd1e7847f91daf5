"""The same seed gives the same model."""

from pathlib import Path

from support import bake

from pipeline.stages import MODEL, Project


def test_a_second_bake_trains_the_very_same_model(finished: Project, tmp_path: Path) -> None:
    again = Project(bake(tmp_path / "again_in", project_name="Digits again"), finished.environment)
    again.run("git", "init", "--quiet")
    again.repro()
    assert again.metrics() == finished.metrics()
    assert again.weights() == finished.weights()
    values = f"models/{MODEL}/hyperparameters.yaml"
    assert again.yaml(values) == finished.yaml(values)


def test_another_seed_trains_another_model(finished: Project) -> None:
    weights = finished.weights()
    finished.replace(f"models/{MODEL}/config.yaml", "seed: 42", "seed: 43")
    finished.repro()
    assert finished.weights() != weights
