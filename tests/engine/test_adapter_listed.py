"""What adapter.py imports from beside it must be named in dvc.yaml, or nothing trains again."""

from pathlib import Path

import pytest

from modelyard.adapter.listed import imported
from modelyard.checking import main as check
from modelyard.config.loading import load_config
from modelyard.search.identity import depends_on
from modelyard.zoo.entries import load_zoo
from modelyard.zoo.rendering import render
from src.run import main

from .tiny import MODEL
from .toys import ADAPTER, SMALLEST

PIPELINE = MODEL / "dvc.yaml"
LOSSES = MODEL / "losses.py"
SENTENCE = (
    "error: models/tiny/dvc.yaml: models/tiny/adapter.py imports models/tiny/losses.py, which "
    "`deps` of {stages} does not name; add it there, or a change in it trains nothing again.\n"
)


@pytest.fixture(autouse=True)
def _here(workspace: Path) -> None:
    """Give the tiny model an adapter with a module beside it, and the pipeline of an adapter."""
    assert Path.cwd() == workspace
    ADAPTER.write_text("from losses import value\n" + SMALLEST.format(metrics="{'a': value}"))
    LOSSES.write_text("value = 3\n")
    pipeline()


def pipeline(*beside: str) -> None:
    entry = load_zoo()["neighbours"].described("neighbours") | {"beside": beside}
    PIPELINE.write_text(render("tiny", entry)["dvc.yaml"])


def test_a_module_that_no_stage_names_is_told_by_check(capsys: pytest.CaptureFixture[str]) -> None:
    for run, arguments in ((check, []), (main, ["check"])):
        assert run(arguments) == 1
        assert capsys.readouterr().err == SENTENCE.format(stages="tune, train, evaluate")


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_a_stage_that_does_not_name_it_does_not_run(
    stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([stage]) == 1
    assert capsys.readouterr().err == SENTENCE.format(stages=stage)


def test_a_search_that_does_not_name_it_does_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    space = "tuning.hyperparams={x: {default_value: 1, tuning: {tune: true, param_type: boolean}}}"
    space = space.replace("default_value: 1", "default_value: true")
    assert main(["tune", "tuning.tune=true", "tuning.max_trials=1", space]) == 1
    assert capsys.readouterr().err == SENTENCE.format(stages="tune")


@pytest.mark.parametrize("listed", ["losses.py", ""], ids=["file", "folder"])
def test_what_is_named_runs_and_a_change_in_it_is_another_training(listed: str) -> None:
    pipeline(listed)
    assert check([]) == 0
    assert main(["train"]) == 0
    before = depends_on(load_config())
    LOSSES.write_text("value = 4\n")
    assert depends_on(load_config()) != before


def test_paths_may_be_relative_to_the_pipeline_and_the_configuration_named_by_its_whole_path(
    workspace: Path,
) -> None:
    pipeline("losses.py")
    config = str(workspace / MODEL / "config.yaml")
    assert main(["train", "--config", config]) == 0
    PIPELINE.write_text(PIPELINE.read_text().replace("models/tiny/losses.py", "losses.py"))
    assert main(["train", "--config", config]) == 0


def test_without_a_pipeline_all_code_beside_the_adapter_counts() -> None:
    PIPELINE.unlink()
    assert check([]) == 0
    before = depends_on(load_config())
    LOSSES.write_text("value = 4\n")
    assert depends_on(load_config()) != before


def test_modules_are_followed_in_every_style_and_to_the_end() -> None:
    folder = MODEL
    ADAPTER.write_text(
        "import os, nets.deep as own\nfrom . import a\ndef late():\n    from .b import value\n"
        "from src.utils import utils\nfrom modelyard.adapter import AdapterModel\n"
    )
    (folder / "nets").mkdir()
    for name, text in {
        "nets/__init__.py": "",
        "nets/deep.py": "from ..c import x\nfrom . import wide\nimport adapter",
        "nets/wide.py": "",
        "nets/unused.py": "",
        "a.py": "from b import value",
        "b.py": "import d.e.f",
        "c.py": "def broken(:",
        "d.py": "",
        "unused.py": "",
    }.items():
        (folder / name).write_text(text)
    names = ["a", "b", "c", "d", "nets/__init__", "nets/deep", "nets/wide"]
    assert imported(ADAPTER) == [folder / f"{name}.py" for name in names]
