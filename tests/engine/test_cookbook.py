"""Every recipe of docs/cookbook.md works as it stands there."""

import json
import runpy
import shutil
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documented import Block, blocks

from modelyard.config.loading import load_config
from modelyard.data import read_manifest
from modelyard.files import read_csv, read_json, read_yaml, write_csv, write_yaml
from modelyard.serving.predict import main as predict
from modelyard.zoo.command import main as zoo
from src.run import main

from .conftest import ROOT
from .own_module import own_modules
from .tiny import METRICS, MODEL, PROCESSED, TINY, write_model

__all__ = ["own_modules"]
pytestmark = pytest.mark.usefixtures("own_modules")

PAGE = Path(__file__).parents[2] / "docs/cookbook.md"
RECIPES = {name: list(found) for name, found in groupby(blocks(PAGE), lambda one: one.heading)}
SETTINGS = "models/<model>/config.yaml"
IMAGE = "data/raw/stripes/images/rows_0.png"
STAGE = "A stage of your own between prepare and train"
OTHER_KINDS = ("Several inputs: images and numbers", "Audio as spectrograms")  # test_other_kinds
MODULES = {
    Path(one.file).stem: one
    for found in RECIPES.values()
    for one in found
    if one.file.startswith("src/models/") and one.heading not in OTHER_KINDS
}


def merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with the sections of another in it; a hyperparameter is replaced whole."""
    both = {**base}
    for key, value in more.items():
        inside = isinstance(value, dict) and isinstance(base.get(key), dict)
        both[key] = merged(base[key], value) if inside else value
    return both


def settings(heading: str) -> list[dict[str, Any]]:
    """Return the blocks of a recipe that belong into a model's config.yaml."""
    return [parsed(one) for one in RECIPES[heading] if one.file == SETTINGS]


def parsed(block: Block) -> dict[str, Any]:
    file = Path("block.yaml")
    file.write_text(block.code)
    document: dict[str, Any] = read_yaml(file)
    return document


def put(block: Block, architecture: str = "") -> None:
    """Write a module where its recipe says; the model gets what the recipe's YAML says."""
    Path(block.file).write_text(block.code)
    document = {**TINY, "architecture": architecture}
    for one in settings(block.heading):
        if one.get("architecture") == architecture:
            document = merged(document, one)
    write_model(document)


def run(*stages: str, model: Path = MODEL, epochs: int = 2) -> None:
    """Run stages of a model; each must succeed."""
    for stage in stages:
        options = [f"params.epochs={epochs}"] if stage in ("tune", "train") else []
        assert main([stage, "--config", f"{model}/config.yaml", *options]) == 0


def test_the_page_has_the_recipes_that_it_should() -> None:
    assert len(RECIPES) >= 18
    assert {one.file for found in RECIPES.values() for one in found if one.language == "python"} > {
        "src/models/focal.py", "src/data/distinct.py", "models/table/adapter.py",
    }  # fmt: skip
    placed = [one for found in RECIPES.values() for one in found if one.language != "sh"]
    assert [one.heading for one in placed if not one.file] == ["Windows"]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_trained_judged_and_used(name: str) -> None:
    put(MODULES[name], name)
    run("tune", "train", "evaluate")
    assert predict([str(MODEL), IMAGE]) == 0
    (row,) = read_csv(Path("predictions.csv"))
    assert row["class"] in ("rows", "columns", "empty")
    CHECKS.get(name, lambda: None)()


def columns() -> set[str]:
    return set(read_csv(METRICS / "history.csv")[0])


def check_top_two() -> None:
    assert {"in_top_two", "val_in_top_two"} <= columns()
    assert "in_top_two" in read_json(METRICS / "metrics.json")["test"]


def check_norm() -> None:
    norms = [float(row["weight_norm"]) for row in read_csv(METRICS / "history.csv")]
    assert len(norms) == 2
    assert min(norms) > 1


def check_focal() -> None:
    assert read_yaml(MODEL / "hyperparameters.yaml")["focus"] == 2.0
    focal = read_json(METRICS / "metrics.json")["test"]["loss"]
    labels = np.load(PROCESSED / "test_labels.npy")
    outputs = np.load(MODEL / "test_predictions.npy")[range(len(labels)), labels]
    assert focal == pytest.approx(np.mean(-np.log(outputs) * (1 - outputs) ** 2), rel=1e-4)


def check_noise() -> None:
    noisy = read_csv(METRICS / "history.csv")
    write_model(TINY)
    run("train")
    plain = read_csv(METRICS / "history.csv")
    assert [row["loss"] for row in noisy] != [row["loss"] for row in plain]


def check_mixed() -> None:
    assert main(["train", "--dry-run", "params.mixed_precision=float16"]) == 0


CHECKS: dict[str, Callable[[], None]] = {
    "noisy": check_mixed,
    "two_guesses": check_top_two,
    "watched": check_norm,
    "focal": check_focal,
    "speckled": check_noise,
}


@pytest.fixture(name="plain", scope="module")
def _plain() -> list[str]:
    """The curves of a training without any recipe, once there is one."""
    return []


def history_without(plain: list[str]) -> str:
    """Return the curves of a training without any recipe, which one test trains for all."""
    if not plain:
        run("train")
        plain.append((METRICS / "history.csv").read_text())
    return plain[0]


@pytest.mark.parametrize(
    "heading", ["A learning-rate schedule", "Augmentation", "Rare classes", "Mixed precision"]
)
def test_settings_are_taken_and_trained_with(heading: str, plain: list[str]) -> None:
    before = history_without(plain)
    for one in settings(heading):
        write_model(merged(TINY, one))
        run("train")
        assert (METRICS / "history.csv").read_text() != before


def test_a_model_is_fine_tuned(capsys: pytest.CaptureFixture[str]) -> None:
    run("train")
    Path("models/first").mkdir()
    shutil.copy(MODEL / "model.keras", "models/first")
    first, backbone = settings("Fine-tuning")
    write_model(merged(TINY, first))
    run("tune")
    capsys.readouterr()
    run("train", "evaluate", epochs=3)
    assert "begins with 4 of 4 weights of models/first/model.keras" in capsys.readouterr().out
    for name in ("backbone", "backbones"):
        shutil.copy(ROOT / f"src/models/{name}.py", "src/models")
    write_model(merged(TINY, backbone))
    config = load_config()  # whose weights would be downloaded
    assert config.params.initial_weights == "imagenet"
    assert config.params.freeze
    assert config.params.freeze.layers == ["backbone"]


def test_a_key_of_params_is_searched() -> None:
    (document,) = settings("Tuning a setting")
    write_model(merged(TINY, document))
    run("tune", "train", epochs=1)
    chosen = read_yaml(MODEL / "hyperparameters.yaml")
    assert {"params.label_smoothing", "params.optimizer.momentum"} <= set(chosen)
    first, second = read_csv(METRICS / "trials.csv")
    assert first["params.optimizer.momentum"] == "0.9"
    assert first["params.label_smoothing"] != second["params.label_smoothing"]


def test_a_stage_of_one_s_own_stands_between_prepare_and_train() -> None:
    script, stage, model = RECIPES[STAGE]
    target = Path("data/processed/distinct")
    assert parsed(stage)["distinct"]["outs"] == [str(target)]
    Path("distinct.py").write_text(script.code)
    double_an_image()
    runpy.run_path("distinct.py")["distinct"](PROCESSED, target)
    before, after = read_manifest(PROCESSED), read_manifest(target)
    assert after.size("train") == before.size("train") - 1
    assert after.size("test") == before.size("test")
    assert sum(after.counts["train"].values()) == after.size("train")
    assert len(read_csv(target / "train.csv")) == after.size("train")
    assert after.data_hash != before.data_hash
    write_model(merged(TINY, parsed(model)))
    run("train", "evaluate")


def double_an_image() -> None:
    images = np.load(PROCESSED / "train_images.npy")
    images[1] = images[0]
    np.save(PROCESSED / "train_images.npy", images)


def split(number: int) -> str:
    return ("train", "train", "train", "validation", "test")[number % 5]


def write_table() -> None:
    draws = np.random.default_rng(0).random((300, 2)).tolist()
    rows: list[dict[str, object]] = [
        {
            "length": length,
            "width": width if number % 7 else "",
            "class": "long" if length > 0.5 else "short",
            "split": split(number),
        }
        for number, (length, width) in enumerate(draws)
    ]
    write_csv(Path("data/raw/table.csv"), rows)


EPOCHS = 20


def test_an_adapter_goes_through_all_stages() -> None:
    code, tuning = RECIPES["An adapter that reads data of its own"]
    write_table()
    assert zoo(["add", "neighbours", "--name", "table"]) == 0
    folder = Path("models/table")
    assert code.file == str(folder / "adapter.py")
    (folder / "adapter.py").write_text(code.code)
    document = read_yaml(folder / "config.yaml")
    document["tuning"] |= {"tune": True, "max_trials": 2, **parsed(tuning)}
    write_yaml(folder / "config.yaml", document)
    run("tune", "train", "evaluate", model=folder, epochs=EPOCHS)
    assert list(read_yaml(folder / "hyperparameters.yaml")) == ["learning_rate"]
    metrics = read_json(Path("training_metrics/table/metrics.json"))["test"]
    assert metrics["accuracy"] > 0.9


def test_the_debugger_starts_stages_that_there_are() -> None:
    (launch,) = (one for one in RECIPES["Debugging in VS Code"] if one.language == "json")
    started = json.loads(launch.code)["configurations"]
    assert len(started) == 2
    for one in started:
        assert one["module"] == "src.run"
        assert main(one["args"]) == 0
    assert len(read_csv(METRICS / "history.csv")) == 2
