"""Exactly what changed runs again."""

import re
from collections.abc import Callable

import pytest

from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"
AFTER_PARAMS = {"train", "evaluate", "summary"}
AFTER_DATA = {"prepare", "tune", *AFTER_PARAMS}


def add_an_image(project: Project) -> None:
    raw = project.path / "data/raw/digits"
    (raw / "images/more.png").write_bytes((raw / "images/0000.png").read_bytes())
    with (raw / "annotations.csv").open("a") as file:
        file.write("images/more.png,0\n")
    project.run("dvc", "commit", "--force", "example_data")


def reformat(project: Project) -> None:
    for file in ("config.yaml", CONFIG):
        text = re.sub(r" +#.*", "", (project.path / file).read_text())
        (project.path / file).write_text(f"# another comment\n{text}\n")


def replace_the_engine(project: Project) -> None:
    """Put another wheel into vendor/ and name it, as an update of the engine does."""
    [wheel] = (project.path / "vendor").glob("*.whl")
    other = wheel.with_name(wheel.name.replace("modelyard-1", "modelyard-1.999"))
    wheel.rename(other)
    project.replace("pyproject.toml", wheel.name, other.name)


Edit = Callable[[Project], object]


def replace(file: str, old: str, new: str) -> Edit:
    """Return a function that changes text in a file of a project."""
    return lambda project: project.replace(file, old, new)


CHANGES: dict[str, tuple[Edit, set[str]]] = {
    "nothing": (lambda _: None, set()),
    "comments": (reformat, set()),
    "spelling of a number": (replace("config.yaml", "train: 0.7\n", "train: 0.70\n"), set()),
    "params": (replace(CONFIG, "epochs: 2", "epochs: 3"), {"tune", *AFTER_PARAMS}),
    "what is exported": (
        replace(CONFIG, "export: [tflite]", "export: []"),
        {"tune", *AFTER_PARAMS},
    ),
    "architecture": (replace(CONFIG, ": convolutional", ": dense"), {"tune", *AFTER_PARAMS}),
    "tuning that changes no value": (replace(CONFIG, "trials: 20", "trials: 30"), {"tune"}),
    "tuning that changes a value": (
        replace(CONFIG, "default_value: 0.3", "default_value: 0.1"),
        {"tune", *AFTER_PARAMS},
    ),
    "data": (add_an_image, AFTER_DATA),
    "seed of the data": (replace("config.yaml", "seed: 42", "seed: 43"), AFTER_DATA),
    "summary": (replace("config.yaml", "test.accuracy", "test.loss"), {"summary"}),
    "code of the training": (
        replace("src/trainer.py", "Build, compile", "Build and compile"),
        {"tune", *AFTER_PARAMS},
    ),
    "the team's keys and helpers": (
        replace("src/utils/utils.py", "The team's own", "What the team adds"),
        {"tune", *AFTER_PARAMS},
    ),
    "code that no stage uses": (replace("src/models/dense.py", "floor", "ground"), set()),
    "the engine's version": (replace_the_engine, set()),
    "what the engine's results are": (
        replace("src/run.py", "results=1,", "results=2,"),
        AFTER_DATA,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_runs_what_depends_on_it(change: str, quick: Project) -> None:
    edit, expected = CHANGES[change]
    edit(quick)
    assert quick.repro() == expected
    assert quick.repro() == set()


def test_going_back_runs_nothing_again(quick: Project) -> None:
    weights = quick.weights()
    quick.replace(CONFIG, "epochs: 2", "epochs: 3")
    quick.repro()
    assert quick.weights() != weights
    quick.replace(CONFIG, "epochs: 3", "epochs: 2")
    assert "is cached" in quick.run("dvc", "repro")
    assert quick.weights() == weights
