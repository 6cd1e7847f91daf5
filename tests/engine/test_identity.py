"""What a resumed training or search depends on: what dvc.yaml lists for its stage, `results`."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.config.hyperparameters import chosen_hyperparameters
from modelyard.config.loading import load_config
from modelyard.config.project import find_project, hand_over
from modelyard.files import read_yaml
from modelyard.search.identity import depends_on
from modelyard.training import open_backup
from modelyard.zoo.entries import load_zoo
from modelyard.zoo.rendering import render

from .conftest import ROOT
from .tiny import MODEL

PYPROJECT = Path("pyproject.toml")
BOTH = (  # listed for `tune` and `train`
    "src/run.py",
    "src/data/data_provider.py",
    "src/models/__init__.py",
    "src/models/dense.py",
    "src/trainer.py",
    "src/utils/utils.py",
)
NEITHER = ("src/__init__.py", "src/data/digits.py", "src/models/convolutional.py", "ci/__init__.py")


@pytest.fixture(autouse=True)
def _project(workspace: Path) -> None:
    """Give the tiny project code of its own, and the pipeline that the template renders."""
    for folder in ("src", "ci"):
        shutil.copytree(ROOT / folder, workspace / folder)
    PYPROJECT.write_text("[tool.modelyard]\nskeleton = 1\nresults = 1\n")
    (MODEL / "dvc.yaml").write_text(
        render("tiny", load_zoo()["dense"].described("dense"))["dvc.yaml"]
    )


def search() -> object:
    """Return what the search depends on."""
    return depends_on(load_config())


def training() -> Path:
    """Return the folder in which only an equal training finds its backup."""
    config = load_config()
    return open_backup(config, chosen_hyperparameters(config)).folder


def comment(file: str) -> None:
    with Path(file).open("a") as opened:
        opened.write("# a comment\n")


@pytest.mark.parametrize("file", NEITHER)
def test_a_comment_in_a_file_that_no_stage_lists_changes_nothing(file: str) -> None:
    before = search(), training()
    comment(file)
    assert (search(), training()) == before


@pytest.mark.parametrize("file", BOTH)
def test_a_comment_in_a_file_that_both_stages_list_changes_both(file: str) -> None:
    before = search(), training()
    comment(file)
    assert search() != before[0]
    assert training() != before[1]


def test_how_a_trial_is_scored_concerns_the_search_alone() -> None:
    before = search(), training()
    comment("src/tuner.py")
    assert search() != before[0]
    assert training() == before[1]


def test_other_results_of_the_engine_change_both() -> None:
    before = search(), training()
    PYPROJECT.write_text("[tool.modelyard]\nskeleton = 1\nresults = 2\n")
    assert search() != before[0]
    assert training() != before[1]


def test_results_of_run_py_count_where_pyproject_toml_has_none() -> None:
    PYPROJECT.write_text("[tool.modelyard]\nskeleton = 1\n")
    before, project = (search(), training()), find_project()
    assert project is not None
    hand_over(replace(project, results=2))
    changed = search(), training()
    hand_over(project)
    assert (search(), training()) == before
    assert changed[0] != before[0]
    assert changed[1] != before[1]


def test_what_else_stands_in_pyproject_toml_changes_nothing() -> None:
    before = search(), training()
    PYPROJECT.write_text(PYPROJECT.read_text() + "\n[project]\nversion = '2.0.0'\n")
    assert (search(), training()) == before


def test_hyperparameters_and_data_have_one_place_each() -> None:
    """They are listed in dvc.yaml and compared by themselves, not once more as files."""
    stages = read_yaml(MODEL / "dvc.yaml")["stages"]
    listed = {path for path in stages["train"]["deps"] if path.startswith("src/")}
    code = depends_on(load_config())["code"]
    assert set(code) == {path.replace("${architecture}", "dense") for path in listed} | {
        "src/tuner.py"
    }


def test_a_listed_folder_stands_for_the_files_in_it() -> None:
    pipeline = MODEL / "dvc.yaml"
    text = pipeline.read_text().replace("      - src/trainer.py\n", "      - src/models\n")
    pipeline.write_text(text)
    before = search(), training()
    comment("src/models/convolutional.py")
    assert search() != before[0]
    assert training() != before[1]
