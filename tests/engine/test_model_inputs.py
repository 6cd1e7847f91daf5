"""Renaming data.processed takes one edit; a model that reads what nothing writes is refused."""

import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support import Bake, run

from modelyard.config import check_all, load_config
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml
from modelyard.pipeline.definitions import stages
from modelyard.pipeline.model_inputs import check_inputs

from .tiny import PROCESSED, PROJECT, TINY, write_model, write_project

CONFIG, PIPELINE = Path("models/tiny/config.yaml"), Path("models/tiny/dvc.yaml")
OLD, NEW = PROCESSED.as_posix(), "data/processed/flowers"
FOLLOWS = ("../../config.yaml:data", "${data.processed}")
NAMES = ("config.yaml:input_paths", "${input_paths.data}")


def write_pipelines(variables: str, data: str) -> None:
    prepare = {"cmd": "x", "outs": ["${data.processed}"]}
    write_yaml(Path("dvc.yaml"), {"vars": ["config.yaml:data"], "stages": {"prepare": prepare}})
    stage = {"cmd": "x", "wdir": "../..", "deps": ["src/run.py", data]}
    three = dict.fromkeys(("tune", "train", "evaluate"), stage)
    write_yaml(PIPELINE, {"vars": [variables], "stages": three})


def rename() -> None:
    write_yaml(Path("config.yaml"), PROJECT | {"data": PROJECT["data"] | {"processed": NEW}})


def without_inputs() -> dict[str, Any]:
    return {key: value for key, value in TINY.items() if key != "input_paths"}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(Path())
    write_pipelines(*FOLLOWS)


@pytest.mark.parametrize("section", [{}, {"input_paths": {}}])
def test_a_model_that_names_no_data_reads_what_prepare_writes(section: dict[str, Any]) -> None:
    before = load_config(CONFIG).record()
    write_model(without_inputs() | section)
    assert load_config(CONFIG).record() == before  # nothing trains again
    rename()
    assert load_config(CONFIG).input_paths.data == Path(NEW)
    assert load_config(CONFIG).record()["input_paths"] == {"data": NEW}
    check_inputs()
    assert {path for stage in stages(PIPELINE) for path in stage.deps} == {"src/run.py", NEW}
    assert load_config(CONFIG, {"input_paths.data": OLD}).input_paths.data == PROCESSED


def refused() -> str:
    with pytest.raises(UserError) as raised:
        check_inputs()
    return str(raised.value)


def test_a_model_that_names_the_old_folder_is_told_what_to_write_even_if_that_lies_there() -> None:
    write_pipelines(*NAMES)
    check_inputs()
    Path(OLD).mkdir(parents=True)
    (Path(OLD) / "manifest.json").touch()
    rename()
    assert refused() == (
        f"models/tiny/config.yaml: input_paths.data is {OLD}, but no stage writes that: `prepare` "
        f"writes {NEW}, data.processed of config.yaml; write {NEW} here."
    )
    write_model(TINY | {"input_paths": {"data": NEW}})
    check_inputs()


def test_a_pipeline_that_asks_for_what_the_model_leaves_out_is_told_so() -> None:
    write_pipelines(*NAMES)
    write_model(without_inputs())
    assert refused() == (
        "models/tiny/dvc.yaml: ${input_paths.data} has no value, because models/tiny/config.yaml "
        f"leaves it out; write `input_paths: {{data: {OLD}}}` there."
    )


def test_variables_that_only_dvc_can_resolve_are_left_to_dvc() -> None:
    write_pipelines(*NAMES)
    document = read_yaml(PIPELINE)
    document["stages"]["train"]["deps"].append("${values.toml}")
    write_yaml(PIPELINE, document)
    check_inputs()


def test_a_model_may_read_what_another_stage_writes_and_then_depends_on_it() -> None:
    document = read_yaml(Path("dvc.yaml"))
    document["stages"]["distinct"] = {"cmd": "x", "outs": ["data/processed/distinct"]}
    write_yaml(Path("dvc.yaml"), document)
    write_model(TINY | {"input_paths": {"data": "data/processed/distinct"}})
    assert refused() == (
        "models/tiny/dvc.yaml: tune, train, evaluate must depend on data/processed/distinct, which "
        "input_paths.data of models/tiny/config.yaml names; write it in `deps` in place of "
        "${data.processed}."
    )
    write_pipelines(FOLLOWS[0], "data/processed/distinct")
    write_yaml(Path("dvc.yaml"), document)
    check_inputs()


def test_without_pipelines_nothing_is_asked() -> None:
    rename()
    Path("dvc.yaml").unlink()
    check_inputs()


def test_one_edit_renames_the_prepared_data_of_a_bake(bake: Bake) -> None:
    project = bake()
    run(project, "git", "init", "--quiet")
    config = project / "config.yaml"
    config.write_text(config.read_text().replace("data/processed/digits", NEW))
    assert run(project, sys.executable, "-m", "modelyard", "check").startswith("No mistakes")
    graph = run(project, sys.executable, "-m", "dvc", "dag", "--outs", "--dot")
    assert f'"{NEW}" -> "models/digits_classifier/model.keras"' in graph
    assert "data/processed/digits" not in graph


def test_a_pipeline_that_asks_for_results_where_they_no_longer_stand_is_told_so() -> None:
    write_pipelines(*FOLLOWS)
    document = read_yaml(PIPELINE)
    document["stages"]["tune"]["params"] = [{"pyproject.toml": ["tool.modelyard.results"]}]
    write_yaml(PIPELINE, document)
    Path("pyproject.toml").write_text("[tool.modelyard]\nskeleton = 1\nresults = 1\n")
    check_inputs()
    Path("pyproject.toml").write_text("[tool.modelyard]\nskeleton = 1\n")
    assert refused() == (
        "models/tiny/dvc.yaml: `params` names tool.modelyard.results of pyproject.toml, which is "
        "`results` in src/run.py now; drop it, with its `pyproject.toml:`, from tune, train and "
        "evaluate."
    )


def test_checking_many_models_parses_each_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        folder = Path(f"models/model_{number}")
        folder.mkdir()
        for file in (CONFIG, PIPELINE):
            text = file.read_text().replace("/tiny", f"/{folder.name}")
            (folder / file.name).write_text(f"# {folder}\n{text}")
    loaded: list[str] = []
    load = YAML.load

    def counted(yaml: YAML, text: str) -> Any:
        loaded.append(text)
        return load(yaml, text)

    monkeypatch.setattr(YAML, "load", counted)
    check_all()
    check_inputs()
    check_inputs()
    assert 40 <= len(loaded) == len(set(loaded)) <= 2 * 21 + 2
