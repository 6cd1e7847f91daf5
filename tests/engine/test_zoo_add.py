"""`modelyard zoo add`: a model from an entry of the zoo, or like another, or nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.architecture import architectures
from modelyard.config.loading import check_all, load_config
from modelyard.files import read_json, read_yaml, write_json, write_yaml
from modelyard.pipeline.artifacts import project_name
from modelyard.zoo.command import main
from modelyard.zoo.entries import load_zoo
from modelyard.zoo.rendering import FILES
from src.run import main as stage

from .tiny import PROCESSED, snapshot
from .zazu import MODELS_JSON

HOSTILE: dict[str, Any] = {
    "tiny": 1e-05,
    "text_of_a_number": "1e-05",
    "yes": "yes",
    "colon": "a: b # c",
    "quotes": 'it\'s "so" \\',
    "accents": "größe 数字 👩‍🔬",
    "path": "data/v1.0-raw",
    "empty": "",
    "dash": "-1",
    "truth": True,
    "whole": 3,
    "real": 3.0,
    "a b": "~",
}


@pytest.fixture(autouse=True)
def _here(workspace: Path) -> None:
    """Work in the tiny project, whose one model is `tiny`."""
    assert Path.cwd() == workspace


def zoo_of(task: str = "image_classification", **entries: dict[str, Any]) -> list[str]:
    """Write a zoo; return the option that names it."""
    space = dict.fromkeys(("accuracy_rating", "speed_rating", "memory_rating"), 5)
    common = {"task": task, "model_space": space}
    write_yaml(Path("zoo.yaml"), {name: common | entry for name, entry in entries.items()})
    return ["--zoo", "zoo.yaml"]


def hyperparams(name: str) -> dict[str, Any]:
    return dict(read_yaml(Path("models", name, "config.yaml"))["tuning"]["hyperparams"])


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, entry in load_zoo().items()
        if entry.task == "image_classification"
        and f"{entry.described(name)['architecture']}" in architectures()
    ],
)
def test_every_entry_makes_a_model_that_the_schema_and_the_search_accept(name: str) -> None:
    assert main(["add", name, "--name", "second"]) == 0
    folder = Path("models/second")
    made = {path.name for path in folder.iterdir()}
    assert made - {"adapter.py"} == set(FILES)
    check_all()
    config = load_config(folder / "config.yaml")
    assert config.model_space == load_zoo()[name].model_space
    assert config.input_paths.data == config.data.processed
    before = read_yaml(folder / "hyperparameters.yaml")
    assert stage(["tune", "--config", "models/second/config.yaml"]) == 0
    after = read_yaml(folder / "hyperparameters.yaml")
    assert repr(dict(before)) == repr(dict(after))
    artifact = read_yaml(Path("dvc.yaml"))["artifacts"]["second"]
    kind = "pkl" if (folder / "adapter.py").is_file() else "keras"
    assert (artifact["path"], artifact["type"]) == (f"models/second/model.{kind}", "model")


def test_values_read_back_as_they_were_written() -> None:
    choices = [{"name": "chosen", "values": ["no", "1e-05", "ü"], "why": "a: comment # too"}]
    zoo = zoo_of(dense={"training_configs": HOSTILE, "hp_search_space": choices})
    assert main(["add", "dense", "--name", "second", *zoo]) == 0
    found = hyperparams("second")
    assert found.pop("chosen")["tuning"]["values"] == ["no", "1e-05", "ü"]
    assert repr({name: one["default_value"] for name, one in found.items()}) == repr(HOSTILE)
    saved = read_yaml(Path("models/second/hyperparameters.yaml"))
    assert repr(dict(saved)) == repr({"chosen": "1e-05", **HOSTILE})


def test_the_default_is_the_middle_value_and_numbers_of_a_choice_are_of_one_type() -> None:
    space = [
        {"name": "units", "values": [16, 32, 64, 128], "sampling": "log"},
        {"name": "rate", "values": [0, 0.5]},
        {"name": "said", "values": [1, 2.5], "default_value": 1},
        {"name": "range", "param_type": "int", "min": 1, "max": 9, "step": 2, "default_value": 3},
    ]
    assert (
        main(["add", "dense", "--name", "second", *zoo_of(dense={"hp_search_space": space})]) == 0
    )
    found = hyperparams("second")
    assert found["units"]["default_value"] == 64
    assert repr(found["rate"]["default_value"]) == "0.5"
    assert repr(found["rate"]["tuning"]["values"]) == "[0.0, 0.5]"
    assert repr(found["said"]["default_value"]) == "1.0"
    assert found["range"]["tuning"] == {
        "tune": True, "param_type": "int", "min": 1, "max": 9, "step": 2
    }  # fmt: skip


def test_keys_of_params_override_and_all_others_are_hyperparameters() -> None:
    stop = {"patience": 3}
    fixed = {
        "epochs": 1,
        "metrics": [],
        "early_stopping": stop,
        "architecture": "dense",
        "depth": 5,
    }
    assert main(["add", "odd", *zoo_of(odd={"training_configs": fixed})]) == 0
    config = load_config(Path("models/odd/config.yaml"))
    assert (config.architecture, config.params.epochs, config.params.metrics) == ("dense", 1, [])
    assert (config.params.early_stopping.patience, config.params.batch_size) == (3, 32)
    assert hyperparams("odd") == {"depth": {"default_value": 5}}
    assert "Accuracy" not in Path("models/odd/dvc.yaml").read_text()


def test_the_seed_s_own_models_json_is_read_and_becomes_a_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = json.loads(MODELS_JSON)
    Path("models.json").write_text(MODELS_JSON)
    assert main(["add", "retinanet", "--zoo", "models.json"]) == 1
    assert "is for object_detection, but data.task in config.yaml" in capsys.readouterr().err
    document["retinanet"]["task"] = "classification"
    Path("models.json").write_text(json.dumps(document))
    assert main(["add", "retinanet", "--zoo", "models.json"]) == 1
    error = capsys.readouterr().err
    assert "the entry 'retinanet' makes no model here: models/retinanet/config.yaml: " in error
    assert "there is no src/models/retinanet.py with a build_model" in error
    assert not Path("models/retinanet").exists()
    document["retinanet"]["training_configs"]["architecture"] = "dense"
    Path("models.json").write_text(json.dumps(document))
    assert main(["add", "retinanet", "--zoo", "models.json"]) == 0
    found = hyperparams("retinanet")
    assert found["learning_rate"] == {
        "default_value": 1e-05,
        "tuning": {"tune": True, "param_type": "choice", "values": [1e-4, 1e-5, 1e-6]},
    }
    assert found["depth"] == {"default_value": 50}
    assert load_config(Path("models/retinanet/config.yaml")).params.epochs == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dense", "--name", "tiny"], "models/tiny exists; choose another name"),
        (["dense", "--name", "Tiny"], "--name is 'Tiny'; use 2 to 50 lower-case letters"),
        (["dense", "--name", "../x"], "--name is '../x'; use 2 to 50 lower-case letters"),
        (["dense", "--name", "x"], "--name is 'x'; use 2 to 50 lower-case letters"),
        (["dense", "--name", "class"], "'class', a keyword of Python; add a word"),
        (["dense", "--name", "json"], "'json', which would hide a package or folder"),
        (["dense", "--name", "numpy"], "'numpy', which would hide a package or folder"),
        (["dense", "--name", "docs"], "'docs', which would hide a package or folder"),
        (["dense", "--name", "true"], "'true', which YAML reads as a value"),
        (["dense", "--name", "com1"], "'com1', a device on Windows"),
        (["denze"], "The zoo has no entry 'denze' (did you mean 'dense'?); its entries: dense, "),
        (["centers"], "is for object_detection, but data.task in config.yaml is 'image_class"),
        ([], "Name either an entry of the zoo, or --like a model"),
        (["dense", "--like", "tiny"], "Name either an entry of the zoo, or --like a model, or a"),
        (["--like", "tiny"], "--like tiny needs --name"),
        (["--like", "tinny", "--name", "second"], "(did you mean 'tiny'?); known models: tiny."),
    ],
)
def test_what_cannot_be_a_model_is_refused_and_nothing_is_written(
    arguments: list[str], message: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(workspace)
    assert main(["add", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert snapshot(workspace) == before


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"training_configs": {"epochs": 0}}, "models/dense/config.yaml: params.epochs is 0"),
        ({}, "models/dense/config.yaml: tuning.hyperparams"),
        ({"adapter": "none.py"}, "src/models/adapters has no such file"),
        ({"adapter": "../../x.py"}, "dense.adapter is '../../x.py'"),
        ({"training_configs": {"depth": [1]}}, "depth is [1]; a hyperparameter is a number"),
        ({"hp_search_space": [{"name": "x"}]}, "needs `values`, or a `default_value`"),
        ({"hp_search_space": [{"name": "x", "values": [1, "a"]}]}, "mixes types"),
        ({"hp_search_space": [{"name": "x", "values": [1], "default_value": 2}]}, "is none of"),
        ({"hp_search_space": [{"name": "x", "default_value": 2}]}, "param_type"),
        ({"hp_search_space": [{"name": "x", "values": [1]}] * 2}, "names x more than once"),
        ({"hp_search_space": [{"name": "x", "values": [float("nan")]}]}, "a finite number"),
    ],
)
def test_an_entry_that_makes_no_model_is_refused_by_its_key(
    entry: dict[str, Any],
    message: str,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    zoo = zoo_of(dense=entry)
    before = snapshot(workspace)
    assert main(["add", "dense", *zoo]) == 1
    assert message in capsys.readouterr().err
    assert snapshot(workspace) == before


def test_the_project_is_named_by_its_readme_then_by_its_package() -> None:
    assert project_name() == Path.cwd().name
    Path("pyproject.toml").write_text('[project]\nname = "digits"\n')
    assert project_name() == "digits"
    Path("README.md").write_text('# Ada\'s "digits" \\ more\n\n# Other\n')
    assert main(["add", "dense"]) == 0
    artifact = read_yaml(Path("dvc.yaml"))["artifacts"]["dense"]
    assert artifact["desc"] == 'Ada\'s "digits" \\ more'


@pytest.mark.parametrize(
    ("head", "loss", "metrics", "limit"),
    [
        ("number", "mean_squared_error", ["mae", "r2"], "test.r2"),
        ("labels", "binary_crossentropy", ["macro_f1"], "test.macro_f1"),
    ],
)
def test_an_entry_fits_what_the_prepared_data_has_to_learn(
    head: str, loss: str, metrics: list[str], limit: str
) -> None:
    manifest = PROCESSED / "manifest.json"
    write_json(manifest, read_json(manifest) | {"head": head})
    assert main(["add", "dense", "--name", "second"]) == 0
    document = read_yaml(Path("models/second/config.yaml"))
    assert document["params"]["loss"] == loss
    assert document["params"]["metrics"] == metrics
    first = document["acceptance"][0]
    assert (first["metric"], first["min"]) == (limit, "decide")
    plots = read_yaml(Path("models/second/dvc.yaml"))["stages"]["evaluate"]["plots"]
    templates = [one["template"] for plot in plots for one in plot.values() if "template" in one]
    assert ("confusion" in templates) == (head == "labels")
    check_all()
