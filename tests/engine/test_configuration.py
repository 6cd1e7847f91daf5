import re
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.architecture import architectures
from modelyard.config.hyperparameters import Hyperparameter
from modelyard.config.loading import load_config, load_project
from modelyard.config.section import Section
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml
from src.run import main

from .conftest import ROOT
from .tiny import MODEL, PROJECT, TINY, snapshot

ROOT_KEYS = {"data", "model", "publish"}  # of the root config.yaml
ROOT_OF_DATA = PROJECT["data"]["root"]
EXAMPLE = (
    ROOT.parent / "templates/model" / "hparam_config_example.yaml.jinja"
)  # nothing is filled in


class Declared(Section):
    hyperparams: dict[str, Hyperparameter]


def declare(text: str) -> Hyperparameter:
    Path("declared.yaml").write_text(text)
    return next(iter(Declared(hyperparams=read_yaml(Path("declared.yaml"))).hyperparams.values()))


def edit(change: tuple[str, ...], value: object) -> None:
    """Change one key of the tiny model's file; None removes it."""
    path = Path("config.yaml") if change[0] in ROOT_KEYS else MODEL / "config.yaml"
    document: Any = read_yaml(path)
    section = document
    for key in change[:-1]:
        section = section[key]
    if value is None:
        del section[change[-1]]
    else:
        section[change[-1]] = value
    write_yaml(path, document)


FILTERS = ("tuning", "hyperparams", "filters")
RANGE = {"tune": True, "param_type": "int", "min": 2, "max": 8}
MISTAKES: dict[str, tuple[tuple[str, ...], object, str]] = {
    "missing section": (("params",), None, "params is missing"),
    "missing key": (("params", "seed"), None, "params.seed is missing"),
    "misspelt key": (("params", "epoch"), 3, "epoch is not a known key .*did you mean 'epochs'"),
    "misspelt section": (("paramz",), {}, "paramz is not a known key .*did you mean 'params'"),
    "wrong type": (("params", "epochs"), "ten", "params.epochs is 'ten': .*integer"),
    "truthy string": (("tuning", "tune"), "Tune", "tuning.tune is 'Tune': .*boolean"),
    "yes is no boolean": (("tuning", "tune"), "yes", "tuning.tune is 'yes': .*boolean"),
    "section is a number": (("params",), 3, "params is 3: must be a section"),
    "negative": (("params", "epochs"), -1, "params.epochs is -1: .*greater than 0"),
    "a bucket of nothing": (
        ("publish",),
        {"buckets": ["file://srv/models"]},
        r"publish.buckets\[0\] is 'file://srv/models': must be a bucket, such as gs://.*file:///srv",
    ),
    "unknown architecture": (
        ("architecture",),
        f"{TINY['architecture']}x",
        f"did you mean '{TINY['architecture']}'.*known architectures: .*{architectures()[-1]}",
    ),
    "default below": (
        FILTERS,
        {"default_value": 1, "tuning": RANGE},
        "filters: default_value 1 is outside 2 to 8",
    ),
    "default true for a number": (
        FILTERS,
        {"default_value": True, "tuning": RANGE},
        "default_value True is not a whole number",
    ),
    "default of another type": (
        FILTERS,
        {"default_value": 2.5, "tuning": RANGE},
        "default_value 2.5 is not a whole number",
    ),
    "default no choice": (
        FILTERS,
        {"default_value": 3, "tuning": {"tune": True, "param_type": "choice", "values": [4, 8]}},
        r"default_value 3 is none of \[4, 8\]",
    ),
    "mixed choice": (
        FILTERS,
        {"default_value": 4, "tuning": {"tune": True, "param_type": "choice", "values": [4, "8"]}},
        "tuning.values is .*one type",
    ),
    "unknown type": (
        FILTERS,
        {"default_value": 4, "tuning": {"tune": True, "param_type": "integer"}},
        "filters.tuning needs a param_type of int, float, boolean or choice",
    ),
    "range without max": (
        FILTERS,
        {"default_value": 4, "tuning": {"tune": True, "param_type": "int", "min": 2}},
        "filters.tuning.max is missing",
    ),
    "key of a range misspelt": (
        FILTERS,
        {"default_value": 4, "tuning": {**RANGE, "stepp": 2}},
        "tuning.stepp is not a known key .*did you mean 'step'",
    ),
    "default off the steps": (
        FILTERS,
        {"default_value": 3, "tuning": {**RANGE, "step": 2}},
        "default_value 3 is none of the steps 2, 4, 6, 8",
    ),
    "step that misses max": (
        FILTERS,
        {"default_value": 4, "tuning": {**RANGE, "step": 4}},
        "step 4 does not lead from min 2 to max 8 with linear sampling; write min: 2, max: 6",
    ),
    "choice named twice": (
        FILTERS,
        {"default_value": 4, "tuning": {"tune": True, "param_type": "choice", "values": [4, 4]}},
        "tuning.values is .*names a value twice",
    ),
    "nothing to search": (
        ("tuning", "tune"),
        True,
        "tuning: tune is true, but no hyperparameter may be tuned",
    ),
    "unknown oracle": (("tuning", "oracle"), "baysian", "tuning.oracle is 'baysian': .*'bayesian'"),
    "share above one": (
        ("tuning", "max_failed_share"),
        50,
        "tuning.max_failed_share is 50: .*less than or equal to 1",
    ),
    "objective without direction": (
        ("tuning", "objective"),
        {"metric": "val_loss"},
        "tuning.objective.direction is missing",
    ),
    "condition on nothing": (
        FILTERS,
        {"default_value": 4, "tuning": {**RANGE, "when": {"hidden_units": 32}}},
        "hyperparams.filters.tuning.when.hidden_units names no hyperparameter declared above it: "
        "learning_rate",
    ),
    "condition that never holds": (
        ("tuning", "hyperparams"),
        {
            "filters": {"default_value": 4, "tuning": RANGE},
            "hidden_units": {"default_value": 4, "tuning": {**RANGE, "when": {"filters": 9}}},
        },
        "hidden_units.tuning.when.filters can never hold: 9 is outside 2 to 8",
    ),
    "log from zero": (
        FILTERS,
        {"default_value": 4, "tuning": {**RANGE, "min": 0, "sampling": "log"}},
        "log sampling needs a min above 0",
    ),
    "min above max": (
        FILTERS,
        {"default_value": 4, "tuning": {**RANGE, "min": 9}},
        "min 9 must be below max 8",
    ),
    "step too large": (
        FILTERS,
        {"default_value": 4, "tuning": {**RANGE, "step": 7}},
        "step 7 must be above 0 and at most 6",
    ),
    "log step that does not grow": (
        FILTERS,
        {"default_value": 4, "tuning": {**RANGE, "step": 1, "sampling": "log"}},
        "step 1 must be above 1 and at most 4 with log sampling",
    ),
    "output outside": (
        ("output_paths", "model", "keras_model"),
        "../model.keras",
        "keras_model is '../model.keras': lies outside the project",
    ),
    "output absolute": (
        ("output_paths", "training_metrics"),
        "/var/metrics",
        "training_metrics is '/var/metrics': lies outside the project",
    ),
    "shares": (("data", "splits", "test"), 0.5, "data.splits: the shares sum to 1.3"),
    "output over the raw data": (
        ("data", "processed"),
        "data/raw",
        f"data: processed data/raw and root {ROOT_OF_DATA} overlap; .* name a folder of its own",
    ),
    "output into the raw data": (
        ("data", "processed"),
        f"{ROOT_OF_DATA}/prepared",
        "data: processed .* and root .* overlap",
    ),
    "output is the project": (
        ("data", "processed"),
        ".",
        "data.processed is '.': .*relative to the project's root",
    ),
    "misspelt key of the data": (
        ("data", "chanels"),
        3,
        "data.chanels is not a known key .*did you mean 'channels'",
    ),
    "channels": (("data", "channels"), 4, "data.channels is 4: .*1 or 3"),
    "unknown model": (("model",), "tinny", "'tinny'.*did you mean 'tiny'.*known models: tiny"),
    "output of another model": (
        ("output_paths", "model", "root"),
        "models/other",
        "output_paths.model names models/other, which is not in models/tiny",
    ),
    "a suffix of another form": (
        ("output_paths", "model", "tflite_model"),
        "models/tiny/model.lite",
        "output_paths.model.tflite_model is models/tiny/model.lite; write a name that ends with "
        ".tflite",
    ),
    "metrics of another model": (
        ("output_paths", "training_metrics"),
        "training_metrics/other",
        "write training_metrics/tiny",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_nothing_is_written(
    mistake: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, value, sentence = MISTAKES[mistake]
    edit(change, value)
    before = snapshot(workspace)
    assert main(["check"]) == 1
    error = capsys.readouterr().err
    file = "config.yaml" if change[0] in ROOT_KEYS else "models/tiny/config.yaml"
    assert re.search(f"^error: {file}: .*{sentence}.*\\.$", error, re.MULTILINE), error
    assert snapshot(workspace) == before


@pytest.mark.usefixtures("workspace")
def test_all_mistakes_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    edit(("params", "epochs"), "ten")
    edit(("params", "seeds"), 1)
    assert main(["check"]) == 1
    assert capsys.readouterr().err.count("error: models/tiny/config.yaml: params.") == 2


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("text", ["5e-5", "1e-05", "5.e-5", "0.00005"])
def test_every_spelling_of_a_number_is_a_number(text: str) -> None:
    path = MODEL / "config.yaml"
    path.write_text(path.read_text().replace("default_value: 0.01", f"default_value: {text}"))
    value = load_config().tuning.hyperparams["learning_rate"].default_value
    assert value == pytest.approx(float(text))


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("text", ["a: [", "<<<<<<< HEAD\nmodel: a\n=======", "model: a\nmodel: b"])
def test_a_file_that_is_no_yaml_is_named(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.yaml").write_text(text)
    assert main(["check"]) == 1
    assert "error: config.yaml is not valid YAML: " in capsys.readouterr().err


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("file", ["config.yaml", "models/tiny/config.yaml"])
def test_a_missing_or_empty_file_is_named(file: str) -> None:
    Path(file).write_text("")
    with pytest.raises(UserError, match=f"^{file} is empty"):
        load_config(MODEL / "config.yaml")
    Path(file).unlink()
    with pytest.raises(UserError, match=f"^{file} does not exist"):
        load_config(MODEL / "config.yaml")


def test_a_link_out_of_the_project_is_outside(workspace: Path) -> None:
    (workspace / "link").symlink_to(workspace.parent)
    with pytest.raises(UserError, match="lies outside the project"):
        load_project({"data.processed": "link/data"})


@pytest.mark.usefixtures("workspace")
def test_a_name_with_dots_in_the_file_can_be_overridden() -> None:
    tuning = {**TINY["tuning"], "hyperparams": {**TINY["tuning"]["hyperparams"],
              "head.dropout": {"default_value": 0.1}}}  # fmt: skip
    write_yaml(MODEL / "config.yaml", {**TINY, "tuning": tuning})
    changed = {"tuning.hyperparams.head.dropout.default_value": 0.3}
    found = load_config(overrides=changed).tuning.hyperparams
    assert found["head.dropout"].default_value == 0.3
    assert set(found) == {*TINY["tuning"]["hyperparams"], "head.dropout"}


@pytest.mark.usefixtures("workspace")
def test_the_command_line_beats_the_files() -> None:
    config = load_config(overrides={"params.epochs": 3, "data.seed": 7})
    assert (config.params.epochs, config.data.seed) == (3, 7)
    assert load_config().params.epochs == TINY["params"]["epochs"] != 3
    assert load_project().data.seed == 1


@pytest.mark.usefixtures("workspace")
def test_a_mistake_on_the_command_line_is_called_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "params.epoch=3"]) == 1
    assert "error: command line: params.epoch is not a known key" in capsys.readouterr().err
    assert main(["tune", "epochs"]) == 1
    assert "'epochs' is not KEY=VALUE" in capsys.readouterr().err


@pytest.mark.usefixtures("workspace")
def test_the_seeds_own_snippets_load_as_they_stand() -> None:
    fixed = declare("learning_rate:\n      default_value: 0.0001\n")
    assert fixed.default_value == 0.0001
    tuned = declare(
        """embedding_dim:
  default_value: 10
  tuning:
    tune: False
    param_type: int
    min: 64
    max: 128
    step: 32
    sampling: linear # "linear", "log", or "reverse_log"
"""
    )
    assert tuned.tuning is not None
    assert not tuned.tuning.tune


def test_the_example_has_one_hyperparameter_of_every_kind() -> None:
    declared = Declared(**read_yaml(EXAMPLE)).hyperparams.values()
    kinds = {entry.tuning.param_type if entry.tuning else None for entry in declared}
    samplings = {getattr(entry.tuning, "sampling", None) for entry in declared}
    assert kinds == {None, "int", "float", "boolean", "choice"}
    assert samplings == {None, "linear", "log", "reverse_log"}
