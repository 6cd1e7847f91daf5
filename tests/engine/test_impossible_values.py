"""Values that can only be mistakes: refused by `check`, with one line that names file and key."""

import re
from pathlib import Path
from typing import Any

import pytest

from modelyard import checking
from modelyard.config.hyperparameters import Hyperparameters, chosen_hyperparameters
from modelyard.config.loading import load_config, load_project
from modelyard.config.own_code import explained
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml
from modelyard.zoo.entries import load_zoo
from src.run import main

from .tiny import MODEL

ZOO = Path("zoo.yaml")
FILE = MODEL / "config.yaml"
RANGE = {"tune": True, "param_type": "float", "min": 0.0, "max": 1.5}
VALUE = "must be a number, a text, or true or false"
ENTRY: dict[str, Any] = {
    "task": "image_classification",
    "model_space": {"accuracy_rating": 7, "speed_rating": 6, "memory_rating": 5},
    "hp_search_space": [{"name": "filters", "default_value": 2, "param_type": "int", "min": 1,
                         "max": 8}],
}  # fmt: skip
MODELS: dict[str, tuple[str, object, str]] = {
    "learning rate 0": ("learning_rate", {"default_value": 0}, "a number above 0"),
    "learning rate, text": ("learning_rate", {"default_value": "fast"}, "a number above 0"),
    "rate, text": ("dropout_rate", {"default_value": "banana"}, "a number from 0 to 1"),
    "rate below 0": ("dropout_rate", {"default_value": -5}, "a number from 0 to 1"),
    "rate true": ("dropout_rate", {"default_value": True}, "a number from 0 to 1"),
    "rate searched": (
        "dropout_rate",
        {"default_value": 0.2, "tuning": RANGE},
        "dropout_rate.tuning allows 1.5, but a dropout_rate is a number from 0 to 1",
    ),
    "rate infinite": ("dropout_rate", {"default_value": float("inf")}, "must be a finite number"),
    "null": ("filters", {"default_value": None}, f"filters.default_value is None: {VALUE}"),
    "list": ("filters", {"default_value": []}, rf"filters.default_value is \[\]: {VALUE}"),
    "mapping": ("filters", {"default_value": {}}, f"filters.default_value: {VALUE}"),
    "huge": ("filters", {"default_value": 10**30}, "must be a number from -9007199254740992"),
    "of a leftover's other kind": (
        "filters",
        {"default_value": "a", "tuning": {**RANGE, "tune": False}},
        "filters: default_value 'a' is not a number",
    ),
    "infinite range": (
        "filters",
        {"default_value": 0.5, "tuning": {**RANGE, "max": float("inf")}},
        "filters.tuning.max is inf: input should be a finite number",
    ),
    "steps without end": (
        "filters",
        {"default_value": 1, "tuning": {**RANGE, "param_type": "int", "min": 1, "max": 10**30}},
        "filters.tuning: max 10{30} must be from -9007199254740992 to 9007199254740992",
    ),
}
KEYS: dict[str, tuple[tuple[str, ...], object, str]] = {
    "trials": (("tuning", "max_trials"), 10**30, "tuning.max_trials is 10{30}: .*1000000"),
    "batch": (("params", "batch_size"), 10**9, "params.batch_size is 10{9}: .*1048576"),
    "epochs": (("params", "epochs"), 10**30, "params.epochs is 10{30}: .*equal to 10{9}"),
    "at once": (("tuning", "max_instances_at_once"), 10**6, "max_instances_at_once .*1000"),
    "devices": (("params", "devices"), 10**30, "params.devices is 10{30}: write all"),
    "precision": (("params", "mixed_precision"), {}, "params.mixed_precision: write false"),
    "jit": (("params", "jit_compile"), None, "params.jit_compile is None: input should be 'auto' or"
            " a valid boolean"),
    "optimizer": (("params", "optimizer"), {"name": "sgd", "momentum": "x"}, "momentum is 'x'; "
                  "write a finite number"),
    "flag": (("params", "optimizer"), {"name": "sgd", "nesterov": 1}, "nesterov is 1; write true"),
}  # fmt: skip
DATA: dict[str, tuple[object, str]] = {
    "image_size": ([10**30, 8], r"data.image_size\[0\] is 10{30}: .*16384"),
    "channels": (True, "data.channels is True: write 1 for grey, or 3 for colour"),
    "encoding": ("utf-9", "data.encoding is 'utf-9': not an encoding that Python knows"),
    "processed": ("x" * 300, "data.processed is .*….*: is too long"),
    "annotations": ("a\x00b", "data.annotations is .*: the path has characters that cannot be"),
}


def change(file: Path, keys: tuple[str, ...], value: object) -> None:
    document = section = read_yaml(file)
    for key in keys[:-1]:
        section = section[key]
    section[keys[-1]] = value
    write_yaml(file, document)


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["check"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("kind", MODELS)
def test_a_hyperparameter_that_cannot_be_is_refused(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, entry, reason = MODELS[kind]
    change(FILE, ("tuning", "hyperparams", name), entry)
    said = refusal(capsys)
    assert said.startswith(f"error: {FILE}: tuning.hyperparams.{name}")
    with pytest.raises(UserError, match=reason):
        load_config()


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("kind", KEYS)
def test_a_setting_that_cannot_be_is_refused(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    keys, value, reason = KEYS[kind]
    change(FILE, keys, value)
    assert refusal(capsys).startswith(f"error: {FILE}: {'.'.join(keys)}")
    with pytest.raises(UserError, match=reason):
        load_config()


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("key", DATA)
def test_data_that_cannot_be_is_refused(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    value, reason = DATA[key]
    change(Path("config.yaml"), ("data", key), value)
    assert refusal(capsys).startswith(f"error: config.yaml: data.{key}")
    with pytest.raises(UserError, match=reason):
        load_project()


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("filters", 1.5, "filters is 1.5, which is not of the kind of 4, as models/tiny/config"),
        ("filters", True, "filters is True, which is not of the kind of 4"),
        ("learning_rate", "fast", "learning_rate is 'fast', which is not of the kind of 0.01"),
        ("dropout_rate", float("inf"), "dropout_rate is inf: must be a finite number"),
        ("dropout_rate", None, f"dropout_rate is None: {VALUE}"),
    ],
)
def test_what_tune_never_writes_is_refused_by_name(name: str, value: object, reason: str) -> None:
    values = MODEL / "hyperparameters.yaml"
    assert chosen_hyperparameters(load_config()).read == set()
    change(values, (name,), value)
    with pytest.raises(UserError, match=f"^{values}: {reason}"):
        chosen_hyperparameters(load_config())
    change(values, (name,), 1 if name != "filters" else 2)  # whole numbers are numbers
    assert chosen_hyperparameters(load_config())[name] in (1, 2)


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("task", [], r"wide.task is \[\]: input should be 'image_classification'"),
        ("task", None, "wide.task is None: input should be 'image_classification'"),
        ("model_space", {"accuracy_rating": 7}, "wide.model_space.speed_rating is missing; add it"),
        ("model_space", "fast", "wide.model_space is 'fast': must be a section"),
    ],
)
def test_an_entry_of_the_zoo_is_refused_by_its_own_keys(
    key: str, value: object, reason: str
) -> None:
    write_yaml(ZOO, {"wide": ENTRY | {key: value}})
    with pytest.raises(UserError, match=f"^zoo.yaml: {reason}"):
        load_zoo(ZOO)


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("key", ["task", "model_space"])
def test_a_key_that_an_entry_lacks_is_named(key: str) -> None:
    write_yaml(ZOO, {"wide": {name: value for name, value in ENTRY.items() if name != key}})
    with pytest.raises(UserError, match=rf"^zoo.yaml: wide.{key} is missing; add it\.$"):
        load_zoo(ZOO)


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("default_value", [], rf"\.default_value is \[\]: {VALUE}"),
        ("default_value", {}, rf"\.default_value: {VALUE}"),
        ("default_value", None, ": needs `values`, or a `default_value`"),
        ("default_value", 9, ": default_value 9 is outside 1 to 8"),
        ("max", None, ": max: Field required"),
        ("max", "8", ".max is '8': input should be a valid integer or a valid number"),
        ("max", 10**30, ": max 10{30} must be from"),
        ("maxx", 3, ".maxx is not a known key .did you mean 'max'"),
    ],
)
def test_a_hyperparameter_of_the_zoo_is_refused_by_its_own_keys(
    key: str, value: object, reason: str
) -> None:
    [searched] = ENTRY["hp_search_space"]
    write_yaml(ZOO, {"wide": ENTRY | {"hp_search_space": [searched | {key: value}]}})
    with pytest.raises(UserError, match=rf"^zoo.yaml: wide.hp_search_space\[0\]{reason}") as caught:
        load_zoo(ZOO)
    assert "\n" not in str(caught.value)


def test_a_hyperparameter_whose_value_an_error_shows_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = Hyperparameters(rate=-5, units=7, unread=-5, other=0.5)
    _ = values["rate"], values["units"], values["other"]

    def build() -> None:
        with explained("build_model()", "correct it", values):
            raise ValueError("Expected a value between 0 and 1. Received: rate=-5")

    with pytest.raises(UserError, match=r"rate=-5\), with rate = -5; correct it"):
        build()


@pytest.mark.usefixtures("workspace")
def test_a_misspelt_key_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    document = read_yaml(FILE)
    document["params"]["epoch"] = document["params"].pop("epochs")
    document["PARAMZ"] = 3
    write_yaml(FILE, document)
    assert main(["check"]) == 1
    named = re.findall(r"\bepochs\b", capsys.readouterr().err)
    assert len(named) == 2  # what was meant, and all that is known


@pytest.mark.usefixtures("workspace")
def test_check_reads_the_zoo_of_the_team(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checking.main([]) == 0
    write_yaml(ZOO, {"wide": ENTRY | {"task": "x"}})
    monkeypatch.setattr(checking, "load_zoo", lambda: load_zoo(ZOO))
    assert checking.main([]) == 1
    assert "zoo.yaml: wide.task is 'x'" in capsys.readouterr().err
