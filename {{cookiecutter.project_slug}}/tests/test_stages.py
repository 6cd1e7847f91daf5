import json
from pathlib import Path

import pytest

from src.run import main
from src.utils.config import architectures
from src.utils.utils import read_yaml, whole_file, whole_folder

from .conftest import ROOT, Run
from .tiny import snapshot

STAGE_MODULES = {
    "example_data": ["src.data.digits"],
    "prepare": ["src.run", "src.data.prepare"],
    "tune": ["src.run"],
    "train": ["src.run", "src.data.data_provider", "src.trainer"],
    "evaluate": ["src.run", "src.evaluation"],
    "summary": ["src.run"],
}
# run.py imports the light part of every stage, and runs one.
NOT_RUN = {"src/summary.py", "src/tuner.py"}
PIPELINES = [ROOT / "dvc.yaml", *sorted(ROOT.glob("models/*/dvc.yaml"))]


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
def test_a_search_is_refused_until_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "tuning.tune=true"]) == 1
    assert "tuning.tune is true" in capsys.readouterr().err


@pytest.mark.usefixtures("workspace")
def test_tune_writes_the_default_values_typed_as_configured() -> None:
    path = Path("models/tiny/hyperparameters.yaml")
    path.unlink()
    assert main(["tune", "tuning.hyperparams.filters.default_value=7"]) == 0
    assert path.read_text().startswith("# Default values")
    assert read_yaml(path) == {
        "learning_rate": 0.01,
        "filters": 7,
        "hidden_units": 32,
        "dropout_rate": 0.2,
    }


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_a_stage_imports_is_among_its_dependencies(
    pipeline: Path, python: Run
) -> None:
    if "{{" in pipeline.read_text():
        pytest.skip("not rendered")
    for name, stage in read_yaml(pipeline)["stages"].items():
        modules = list(STAGE_MODULES[name])
        deps = [dep for dep in stage["deps"] if dep.startswith("src/")]
        if name == "train":
            architecture = read_yaml(pipeline.with_name("config.yaml"))["architecture"]
            deps = [dep.replace("${architecture}", architecture) for dep in deps]
            modules.append(f"src.models.{architecture}")
        missing = {file for file in imported(modules, python) if not covered(file, deps)}
        assert missing - NOT_RUN == set(), f"{pipeline}: {name}"


def imported(modules: list[str], python: Run) -> set[str]:
    """Return the files of src that a process has loaded after importing the modules."""
    code = (
        f"import json, sys, importlib; [importlib.import_module(m) for m in {modules}]; "
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.startswith('src')]))"
    )
    files = [Path(file) for file in json.loads(python("-c", code).stdout.splitlines()[-1])]
    names = {str(file.relative_to(ROOT)) for file in files}
    return names - {"src/__init__.py", "src/data/__init__.py", "src/utils/__init__.py"}


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
    with pytest.raises(OSError, match="half"), whole_file(path) as temporary:
        fail_half_way(temporary)
    assert snapshot(tmp_path) == {"file.txt": b"old"}


def test_a_failing_write_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(OSError, match="half"), whole_folder(folder) as temporary:
        fail_half_way(temporary / "new")
    assert snapshot(tmp_path) == {"folder/old": b""}
