import ast
import json
import shlex
import shutil
from copy import deepcopy
from pathlib import Path

import pytest

from modelyard.config.architecture import architectures
from modelyard.files import read_yaml, whole_file, whole_folder, write_yaml
from src.run import main

from .conftest import ROOT, Run
from .tiny import TINY, snapshot

PIPELINES = [ROOT / "dvc.yaml", *sorted(ROOT.glob("models/*/dvc.yaml"))]
COMMAND = ["python", "-m"]
# Runs a module as `python -m` does, then prints the files of src that were loaded for it.
LOADED = """
import json, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "src"]))
"""


@pytest.mark.parametrize("stage", ["prepare", "tune", "train", "evaluate", "summary"])
def test_a_dry_run_writes_nothing(stage: str, trained: Path) -> None:
    before = snapshot(trained)
    assert main([stage, "--dry-run"]) == 0
    assert snapshot(trained) == before


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("stage", ["check", "prepare", "tune", "summary"])
def test_a_stage_that_needs_no_tensorflow_does_not_import_it(stage: str, python: Run) -> None:
    code = (
        f"import sys; from src.run import main; assert main([{stage!r}]) == 0; "
        "print(sorted({'tensorflow', 'keras', 'sklearn'} & set(sys.modules)))"
    )
    assert python("-c", code).stdout.splitlines()[-1] == "[]"


@pytest.mark.usefixtures("trained")
def test_training_does_not_load_what_keras_would_load_for_others(python: Run) -> None:
    code = (
        "import sys; from src.run import main; assert main(['train', '--dry-run']) == 0; "
        "print(sorted({'matplotlib', 'sklearn'} & set(sys.modules))); "
        "import sklearn.metrics"  # which is there for all who ask for it
    )
    done = python("-c", code)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert done.returncode == 0, done.stderr


def test_what_is_loaded_already_is_not_hidden_from_keras_and_garbage_is_collected(
    python: Run,
) -> None:
    code = (
        "import gc, sklearn.base as base; from pathlib import Path; "
        "from modelyard.startup import import_tensorflow; import_tensorflow(Path()); "
        "from keras.wrappers import SKLearnClassifier; "
        "print(issubclass(SKLearnClassifier, base.BaseEstimator), gc.isenabled())"
    )
    assert python("-c", code).stdout.splitlines()[-1] == "True True"


@pytest.mark.usefixtures("workspace")
def test_a_missing_tensorflow_is_told_before_anything_is_written(
    workspace: Path, python: Run
) -> None:
    before = snapshot(workspace)
    code = (
        "import sys; sys.modules['tensorflow'] = None; "
        "from src.run import main; sys.exit(main(['train']))"
    )
    result = python("-B", "-c", code)
    assert result.returncode == 1
    assert "error: the package 'tensorflow' is not installed" in result.stderr
    assert "sh setup.sh" in result.stderr
    assert snapshot(workspace) == before


@pytest.mark.usefixtures("workspace")
def test_check_prints_the_model_that_is_trained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "tiny\n"
    assert main(["check", "--config", "models/tiny/config.yaml"]) == 0
    assert capsys.readouterr().out == "tiny\n"


@pytest.mark.usefixtures("workspace")
def test_tune_writes_the_default_values_typed_as_configured() -> None:
    path = Path("models/tiny/hyperparameters.yaml")
    path.unlink()
    assert main(["tune", "tuning.hyperparams.filters.default_value=7"]) == 0
    assert path.read_text().startswith("# Default values")
    declared = TINY["tuning"]["hyperparams"]
    defaults = {name: entry["default_value"] for name, entry in declared.items()}
    assert {"learning_rate": 0.01, "hidden_units": 32}.items() <= defaults.items()
    assert read_yaml(path) == defaults | {"filters": 7}


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_a_stage_loads_is_among_its_dependencies(pipeline: Path, python: Run) -> None:
    if "{%" in pipeline.read_text():
        pytest.skip("not rendered")
    architecture = bring_model(pipeline) if pipeline.parent != ROOT else ""
    for name, stage in read_yaml(pipeline)["stages"].items():
        command = shlex.split(stage["cmd"])
        if command[:2] == COMMAND and command[2].startswith("src."):
            deps = [dep.replace("${architecture}", architecture) for dep in stage["deps"]]
            loaded = loaded_files(command[2:], python)
            assert {file for file in loaded if not covered(file, deps)} == set(), name


def bring_model(pipeline: Path) -> str:
    """Put the pipeline's model, to be trained for an epoch, into the tiny project."""
    real, tiny = read_yaml(pipeline.with_name("config.yaml")), deepcopy(TINY)
    tiny |= {"architecture": real["architecture"], "tuning": real["tuning"]}
    tiny["params"]["epochs"] = 1
    tiny["tuning"] |= {"tune": True, "max_trials": 1}  # a search depends on more than the defaults
    folder, adapter = Path("models", pipeline.parent.name), pipeline.with_name("adapter.py")
    write_yaml(folder / "config.yaml", tiny)
    if adapter.is_file():
        shutil.copy(adapter, folder)
    return str(real["architecture"])


def loaded_files(command: list[str], python: Run) -> set[str]:
    result = python("-c", LOADED, *command)
    assert result.returncode == 0, result.stderr
    files = [Path(file) for file in json.loads(result.stdout.splitlines()[-1])]
    files = [file for file in files if file.is_relative_to(ROOT)]  # an adapter.py is in the copy
    more_than_a_docstring = [file for file in files if len(ast.parse(file.read_text()).body) > 1]
    names = {str(file.relative_to(ROOT)) for file in more_than_a_docstring}
    return names | {command[0].replace(".", "/") + ".py"}


def covered(file: str, deps: list[str]) -> bool:
    return any(file == dep or file.startswith(f"{dep}/") for dep in deps)


def test_every_architecture_is_listed_in_the_readme() -> None:
    text = (ROOT / "src/models/README.md").read_text()
    assert all(f"`{name}`" in text for name in architectures())


def fail_half_way(path: Path) -> None:
    path.write_text("half")
    raise OSError("half written")


def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    before = snapshot(tmp_path)
    with pytest.raises(OSError, match="half"), whole_file(path) as temporary:
        fail_half_way(temporary)
    assert snapshot(tmp_path) == before


def test_a_failing_write_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").touch()
    before = snapshot(tmp_path)
    with pytest.raises(OSError, match="half"), whole_folder(folder) as temporary:
        fail_half_way(temporary / "new")
    assert snapshot(tmp_path) == before


def test_a_folder_is_replaced_whole_and_never_mixed_with_a_killed_runs(tmp_path: Path) -> None:
    folder, killed = tmp_path / "folder", tmp_path / ".partial-folder"
    for left in (folder, killed):
        left.mkdir()
        (left / "old").touch()
    with whole_folder(folder) as temporary:
        (temporary / "new").touch()
    assert sorted(tmp_path.rglob("*")) == [folder, folder / "new"]
