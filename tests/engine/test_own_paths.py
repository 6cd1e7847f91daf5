"""Paths of the team's own in `input_paths` and `output_paths`: typed, checked, known to DVC."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.loading import load_config
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml
from modelyard.model_tests.data import link
from modelyard.pipeline.identity import depends_on
from modelyard.pipeline.model_inputs import check_inputs
from modelyard.zoo.command import main as zoo

from .tiny import MODEL, TINY, write_model, write_project

CONFIG, PIPELINE = MODEL / "config.yaml", MODEL / "dvc.yaml"
TOKENIZER, LABELS = "data/tokenizer.json", "models/tiny/labels.json"


def write(inputs: dict[str, Any] | None = None, **outputs: Any) -> None:
    """Write the model's configuration with further paths."""
    paths: Any = dict(TINY["output_paths"])
    paths["model"] = paths["model"] | outputs.pop("model", {})
    write_model(
        TINY
        | {"input_paths": TINY["input_paths"] | (inputs or {}), "output_paths": paths | outputs}
    )


def write_pipeline(deps: list[str], outs: list[str], variables: str = "input_paths") -> None:
    prepare = {"cmd": "x", "outs": ["${data.processed}"]}
    write_yaml(Path("dvc.yaml"), {"vars": ["config.yaml:data"], "stages": {"prepare": prepare}})
    tune = {"cmd": "x", "wdir": "../..", "metrics": ["models/tiny/hyperparameters.yaml"]}
    train = {
        "cmd": "x",
        "wdir": "../..",
        "deps": ["data/processed/stripes", *deps],
        "outs": [*outs],
    }
    document = {"vars": [f"config.yaml:{variables},output_paths"]}
    write_yaml(PIPELINE, document | {"stages": {"tune": tune, "train": train}})


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(Path())
    subprocess.run(["git", "init", "--quiet"], check=True)
    Path(TOKENIZER).write_text("{}")
    write_pipeline([], [])


def refused() -> str:
    with pytest.raises(UserError) as raised:
        check_inputs()
    return str(raised.value)


def test_what_code_reads_is_a_path_and_the_record_has_it() -> None:
    before = load_config(CONFIG).record()
    write({"tokenizer": TOKENIZER}, label_map="maps/x.json", model={"label_map": LABELS})
    config = load_config(CONFIG)
    assert config.input_paths.tokenizer == Path(TOKENIZER)
    assert config.output_paths.label_map == Path("maps/x.json")
    assert config.output_paths.model.label_map == Path(LABELS)
    assert config.input_paths.data == load_config(CONFIG).input_paths.data
    record = config.record()
    assert record["input_paths"] == before["input_paths"] | {"tokenizer": TOKENIZER}
    assert load_config(CONFIG, {"input_paths.tokenizer": "data/b"}).input_paths.tokenizer == Path(
        "data/b"
    )
    with pytest.raises(AttributeError):
        _ = config.input_paths.tokeniser


def test_a_model_without_data_of_its_own_keeps_its_further_inputs() -> None:
    write_model(TINY | {"input_paths": {"tokenizer": TOKENIZER}})
    config = load_config(CONFIG)
    assert config.input_paths.data == config.data.processed
    assert config.input_paths.tokenizer == Path(TOKENIZER)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({"tokenizer": 3}, {}, "input_paths.tokenizer is 3: must be a path such as data/raw"),
        ({"tokenizer": {"root": "x"}}, {}, "input_paths.tokenizer"),
        ({"tokenizer": "/srv/x"}, {}, "input_paths.tokenizer is '/srv/x': lies outside the pro"),
        ({"tokenizer": ""}, {}, "input_paths.tokenizer is '': must be a path"),
        ({"a-b": "x"}, {}, "input_paths: 'a-b' cannot be the name of a path"),
        ({"record": "x", "own": "y"}, {}, "input_paths: 'own' cannot be the name of a path"),
        ({}, {"training_metrics": "../x"}, "output_paths.training_metrics is '../x': lies outside"),
        ({}, {"map": "../x"}, "output_paths.map is '../x': lies outside the project"),
    ],
)
def test_an_entry_that_is_no_path_of_the_project_is_refused(
    inputs: dict[str, Any], outputs: dict[str, Any], message: str
) -> None:
    write(inputs, **outputs)
    with pytest.raises(UserError) as raised:
        load_config(CONFIG)
    assert f"models/tiny/config.yaml: {message}" in str(raised.value)


@pytest.mark.parametrize(
    ("section", "name", "meant"),
    [
        ("input_paths", "dta", "data"),
        ("input_paths", "datas", "data"),
        ("output_paths", "modl", "model"),
        ("output_paths", "training_metric", "training_metrics"),
    ],
)
def test_a_known_key_that_is_misspelt_is_still_found(section: str, name: str, meant: str) -> None:
    document: Any = read_yaml(CONFIG)
    document[section][name] = document[section].pop(meant)
    write_model(document)
    with pytest.raises(UserError) as raised:
        load_config(CONFIG)
    assert f"{section}: {name} is not a known key (did you mean '{meant}'?)" in str(raised.value)


def test_a_misspelt_key_of_the_models_paths_is_found_too() -> None:
    document: Any = read_yaml(CONFIG)
    paths = document["output_paths"]["model"]
    paths["keras_modl"] = paths.pop("keras_model")
    paths["tflite_model_int8"] = "models/tiny/int8.tflite"  # more than a known one
    write_model(document)
    with pytest.raises(UserError, match=r"output_paths.model: keras_modl is not a known key \(did"):
        load_config(CONFIG)


def test_an_input_that_nothing_makes_and_nothing_tracks_is_named() -> None:
    write({"tokenizer": TOKENIZER})
    write_pipeline(["${input_paths.tokenizer}"], [])
    assert refused() == (
        "models/tiny/config.yaml: input_paths.tokenizer is data/tokenizer.json, which no stage "
        "writes and neither DVC nor Git tracks, so a clone would lack it; `git add "
        "data/tokenizer.json` if it is small, `dvc add data/tokenizer.json` if it is large."
    )
    subprocess.run(["git", "add", TOKENIZER], check=True)
    check_inputs()
    subprocess.run(["git", "rm", "--quiet", "--cached", TOKENIZER], check=True)
    Path(f"{TOKENIZER}.dvc").write_text("outs:\n- path: tokenizer.json\n")
    check_inputs()
    Path(f"{TOKENIZER}.dvc").unlink()
    Path(".gitignore").write_text("/data/**\n")
    assert refused().endswith("so a clone would lack it; `dvc add data/tokenizer.json`.")
    Path(TOKENIZER).unlink()
    assert "and it is not here; `dvc add" in refused()


def test_an_input_that_another_stage_makes_is_fine() -> None:
    write({"tokenizer": "data/made.json"})
    write_pipeline(["${input_paths.tokenizer}"], [])
    document = read_yaml(Path("dvc.yaml"))
    document["stages"]["tokenize"] = {"cmd": "x", "outs": ["data/made.json"]}
    write_yaml(Path("dvc.yaml"), document)
    check_inputs()


def test_an_input_that_no_stage_depends_on_is_named() -> None:
    subprocess.run(["git", "add", TOKENIZER], check=True)
    write({"tokenizer": TOKENIZER})
    assert refused() == (
        "models/tiny/dvc.yaml: no stage depends on data/tokenizer.json, which "
        "input_paths.tokenizer of models/tiny/config.yaml names; write ${input_paths.tokenizer} in "
        "`deps` of the stages that read it (often train and evaluate), and "
        "`config.yaml:input_paths` under `vars`."
    )


def test_an_output_that_no_stage_writes_is_named() -> None:
    write(label_map=LABELS, model={"words": "models/tiny/words"})
    said = refused().splitlines()
    assert said[0].startswith(
        "models/tiny/dvc.yaml: no stage writes models/tiny/labels.json, which "
        "output_paths.label_map of models/tiny/config.yaml names; write ${output_paths.label_map} "
        "under `outs`"
    )
    assert "write ${output_paths.model.words} under `outs`" in said[1]
    write_pipeline([], ["${output_paths.label_map}", "${output_paths.model.words}"])
    check_inputs()


def test_a_value_that_dvc_yaml_asks_for_in_vain_is_named() -> None:
    write_pipeline(["${input_paths.tokeniser}"], ["${output_paths.model.labels}"])
    assert refused().splitlines() == [
        "models/tiny/dvc.yaml: ${input_paths.tokeniser} has no value, because "
        "models/tiny/config.yaml has no such key; write it there, under input_paths.",
        "models/tiny/dvc.yaml: ${output_paths.model.labels} has no value, because "
        "models/tiny/config.yaml has no such key; write it there, under output_paths.",
    ]


def test_the_seed_s_snippet_that_claims_hyperparameters_yaml_is_told_who_owns_it() -> None:
    write_pipeline([], [])
    document: Any = read_yaml(PIPELINE)
    file = {"${output_paths.model.root}/hyperparameters.yaml": {"cache": False}}
    document["stages"]["train"]["outs"] = ["${output_paths.model.keras_model}", file]
    write_yaml(PIPELINE, document)
    assert refused() == (
        "models/tiny/dvc.yaml: train lists models/tiny/hyperparameters.yaml as its output, but "
        "tune writes it and keeps it in Git (`cache: false` under its metrics); drop it from the "
        "outputs of train, whose `deps` name it."
    )


def test_another_tokenizer_makes_another_training() -> None:
    write({"tokenizer": TOKENIZER})
    write_pipeline(["${input_paths.tokenizer}"], [])
    before = depends_on(load_config(CONFIG), "train")
    assert TOKENIZER in before["code"]
    Path(TOKENIZER).write_text("[]")
    assert depends_on(load_config(CONFIG), "train") != before


def test_a_model_like_another_brings_the_inputs_in_its_folder() -> None:
    own = "models/tiny/tokenizer/words.txt"
    Path(own).parent.mkdir()
    Path(own).write_text("a\n")
    Path(LABELS).write_text("{}")
    write({"tokenizer": "models/tiny/tokenizer"}, label_map=LABELS)
    write_pipeline(["${input_paths.tokenizer}"], ["${output_paths.label_map}"])
    assert zoo(["add", "--like", "tiny", "--name", "second"]) == 0
    assert Path("models/second/tokenizer/words.txt").read_text() == "a\n"
    assert not Path("models/second/labels.json").exists()  # made by a training
    config = load_config(Path("models/second/config.yaml"))
    assert config.input_paths.tokenizer == Path("models/second/tokenizer")


def test_a_model_test_shares_a_file_as_it_shares_folders() -> None:
    link(Path("data"), Path("work/data"))
    link(Path(TOKENIZER), Path("work", TOKENIZER))
    assert Path("work", TOKENIZER).read_text() == "{}"
    link(Path(TOKENIZER), Path("other", TOKENIZER))
    assert [path.name for path in Path("other/data").iterdir()] == ["tokenizer.json"]
