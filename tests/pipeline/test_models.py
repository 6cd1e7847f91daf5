"""Two models beside each other."""

import json
import shutil

from pipeline.stages import MODEL, Project, stages

SECOND = "models/second/dvc.yaml"


def add_second(project: Project) -> None:
    """Copy the first model as the README says, with another architecture."""
    folder = project.path / "models/second"
    shutil.copytree(
        project.path / "models" / MODEL, folder, ignore=shutil.ignore_patterns("*.lock")
    )
    for name in ("config.yaml", "dvc.yaml"):
        project.replace(f"models/second/{name}", MODEL, "second")
    project.replace(
        "models/second/config.yaml", "architecture: convolutional", "architecture: dense"
    )
    project.replace("models/second/config.yaml", "epochs: 40", "epochs: 3")


def test_a_second_model_shares_the_data_and_leaves_the_first_alone(finished: Project) -> None:
    add_second(finished)
    finished.replace(f"models/{MODEL}/config.yaml", "epochs: 40", "epochs: 2")
    log = finished.run("sh", "run.sh", "second")  # not the first, though it is out of date
    assert stages(log) == {f"{SECOND}:{stage}" for stage in ("tune", "train", "evaluate")}
    summary = json.loads((finished.path / "training_metrics.json").read_text())
    assert list(summary) == [MODEL, "second"]
    assert summary[MODEL]["test_accuracy"] > summary["second"]["test_accuracy"]
    assert [row["rank"] for row in summary.values()] == [1, 2]
    assert finished.repro() == {"tune", "train", "evaluate", "summary"}


def test_a_copy_that_keeps_the_first_models_paths_is_refused(finished: Project) -> None:
    shutil.copytree(finished.path / "models" / MODEL, finished.path / "models/copy")
    log = finished.run("sh", "run.sh", check=False)
    assert log.startswith("error: models/copy/config.yaml: output_paths.model names models/")
    assert "Running stage" not in log
