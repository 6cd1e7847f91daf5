"""The cookbook's recipes of data that a team reads itself: trained, judged, predicted, served."""

import importlib
import json
import wave
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from documented import Block, blocks

import src.data
import src.run
from modelyard.data import read_manifest
from modelyard.files import read_csv, read_json, read_yaml, write_csv, write_yaml
from modelyard.serving.predict import main as predict
from modelyard.serving.predictor import load_predictor

from .announced import check_announced
from .own_module import own_modules
from .serving import served
from .test_cookbook import OTHER_KINDS, PAGE, merged
from .tiny import METRICS, MODEL, TINY, write_model

__all__ = ["own_modules"]
pytestmark = pytest.mark.usefixtures("own_modules")

RECIPES = {name: list(found) for name, found in groupby(blocks(PAGE), lambda one: one.heading)}
MEASURED, SOUNDS = OTHER_KINDS
IMPORTED = "from modelyard.data import prepare\n"
LONGEST = 40  # lines of a recipe's code
Main = Callable[[list[str]], int]


@pytest.fixture
def _data_modules(own_modules: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let src.data have the modules of the workspace, too."""
    folder = own_modules.with_name("data")
    folder.mkdir()
    monkeypatch.setattr(src.data, "__path__", [str(folder), *src.data.__path__])
    yield
    importlib.reload(src.run)  # hands the project's own stages over again


def python(heading: str) -> list[Block]:
    return [one for one in RECIPES[heading] if one.language == "python"]


def applied(heading: str, **params: Any) -> tuple[Main, Path]:
    """Do to the workspace what a recipe says; return its stages and the folder of its raw data."""
    for one in python(heading):
        Path(one.file).write_text(one.code)
    name = Path(python(heading)[0].file).stem
    (section,) = (one for one in RECIPES[MEASURED] if one.language == "yaml")
    Path("data.yaml").write_text(section.code.replace("measured", name))
    config = read_yaml(Path("config.yaml")) | {"data": read_yaml(Path("data.yaml"))}
    write_yaml(Path("config.yaml"), config)
    processed = config["data"]["processed"]
    write_model(
        merged(TINY, {"task": "custom", "architecture": name, "params": params})
        | {"input_paths": {"data": processed}}
    )
    return edited(name).main, Path(config["data"]["root"])


def edited(name: str) -> ModuleType:
    """Return src/run.py with the two lines that a recipe changes."""
    text = Path(src.run.__file__).read_text()
    assert text.count(IMPORTED) == text.count("    prepare=prepare,") == 1
    text = text.replace(IMPORTED, "from modelyard.data import examples_of\n")
    text = text.replace("from .tuner", f"from .data.{name} import examples\nfrom .tuner")
    text = text.replace("    prepare=prepare,", "    prepare=examples_of(examples),")
    module = ModuleType("src.run")
    module.__package__, module.__spec__ = "src", src.run.__spec__
    exec(compile(text, "run.py", "exec"), module.__dict__)  # noqa: S102
    return module


def answered(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a server says of an example in JSON."""
    with served(load_predictor(str(MODEL))) as client:
        answer = client.post("/predict", json=body)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["predictions"]
        return found


@pytest.mark.usefixtures("_data_modules")
def test_several_inputs_are_trained_exported_predicted_and_served() -> None:
    main, root = applied(MEASURED, epochs=6)
    Path("data/raw/stripes/images").rename("images")
    root.mkdir(parents=True)
    Path("images").rename(root / "images")
    rows = [
        {**row, "width": n % 3, "height": 5 if row["class"] == "empty" else -5}
        for n, row in enumerate(read_csv(Path("data/raw/stripes/annotations.csv")))
    ]
    write_csv(root / "measured.csv", rows)
    for stage in ("prepare", "tune", "train", "evaluate", "summary"):
        assert main([stage]) == 0
    manifest = read_manifest(Path("data/processed/measured"))
    assert (manifest.kind, manifest.head) == ("arrays", "class")
    assert manifest.input_shape == {"images": (8, 8, 1), "numbers": (2,)}
    metrics = read_json(METRICS / "metrics.json")
    assert metrics["test"]["accuracy"] > 0.6  # a third by chance
    assert metrics["tflite"]["max_difference"] < 1e-5
    new = [
        {"images": row["path"], "numbers": json.dumps([row["width"], row["height"]])}
        for row in rows[:30:10]
    ]
    write_csv(root / "new.csv", [*new, {"images": "none.png", "numbers": "[0, 0]"}])
    assert predict([str(MODEL), str(root / "new.csv")]) == 0
    found = read_csv(Path("predictions.csv"))
    assert [row["row"] for row in found] == ["1", "2", "3"]
    pixels = np.load("data/processed/measured/test_images.npy")[0]
    numbers = np.load("data/processed/measured/test_numbers.npy")[0]
    said = answered({"images": pixels.tolist(), "numbers": numbers.tolist()})
    (first, *_) = read_csv(METRICS / "predictions.csv")
    assert said[0]["class"] == first["predicted"]
    assert said[0]["probability"] == pytest.approx(float(first["probability"]), abs=1e-4)


def write_sound(path: Path, pitch: float, seed: int) -> None:
    """Write a second or less of a tone in noise, 16 bits, 8000 samples a second."""
    random = np.random.default_rng(seed)
    time = np.arange(int(8000 * random.uniform(0.6, 1.1))) / 8000
    sound = 0.4 * np.sin(2 * np.pi * pitch * time) + 0.05 * random.normal(size=len(time))
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((sound * 2**15).astype("<i2").tobytes())


@pytest.mark.usefixtures("_data_modules")
def test_sounds_are_trained_exported_predicted_and_served() -> None:
    main, root = applied(SOUNDS, epochs=8)
    for name, pitch in (("high", 1800), ("low", 300)):
        for number in range(20):
            write_sound(root / name / f"{number}.wav", pitch + 20 * number, number)
    for stage in ("prepare", "tune", "train", "evaluate"):
        assert main([stage]) == 0
    metrics = read_json(METRICS / "metrics.json")
    assert metrics["test"]["accuracy"] > 0.8
    assert metrics["tflite"]["max_difference"] < 1e-4
    samples = np.load("data/processed/sounds/test_samples.npy")
    np.save("sound.npy", samples[0])
    assert predict([str(MODEL), "sound.npy"]) == 0
    (row,) = read_csv(Path("predictions.csv"))
    (first, *_) = read_csv(METRICS / "predictions.csv")
    assert row["class"] == first["predicted"]
    assert answered({"samples": samples[0].tolist()})[0]["class"] == row["class"]


@pytest.mark.parametrize("heading", [MEASURED, SOUNDS])
def test_a_recipe_is_short(heading: str) -> None:
    lines = [line for one in python(heading) for line in one.code.splitlines() if line]
    assert len(lines) < LONGEST


def learn(target: dict[str, str], metric: str, **params: Any) -> dict[str, Any]:
    """Train on the stripes with other targets; return the metrics of the test split."""
    rows = [
        {"path": row["path"], "it": target[row["class"]]}
        for row in read_csv(Path("data/raw/stripes/annotations.csv"))
    ]
    write_csv(Path("data/raw/stripes/annotations.csv"), rows)
    config = read_yaml(Path("config.yaml"))
    config["data"]["columns"] = {"value" if metric == "r2" else "labels": "it"}
    write_yaml(Path("config.yaml"), config | {"summary": {"metric": f"test.{metric}", **MAX}})
    write_model(merged(TINY, {"params": params}))
    for stage in ("prepare", "tune", "train", "evaluate", "summary"):
        assert src.run.main([stage]) == 0
    assert predict([str(MODEL), "data/raw/stripes/images", "--force"]) == 0
    check_announced()
    assert src.run.main(["check"]) == 0
    found: dict[str, Any] = read_json(METRICS / "metrics.json")
    assert found["tflite"]["max_difference"] < 1e-4
    test: dict[str, Any] = found["test"]
    return test


MAX = {"direction": "max"}


def test_several_labels_of_images_are_learned() -> None:
    tags = {"rows": "lines;rows", "columns": "lines", "empty": ""}
    loss = "binary_crossentropy"
    test = learn(tags, "macro_f1", loss=loss, metrics=["accuracy"], epochs=12)
    assert test["macro_f1"] > 0.8 > test["baseline"]["macro_f1"] + 0.3
    assert test["per_class"].keys() == {"lines", "rows"}
    for row in read_csv(METRICS / "predictions.csv"):
        assert row["actual"] == tags[Path(row["path"]).name.split("_")[0]]
    said = {row["path"]: row for row in read_csv(Path("predictions.csv"))}
    right = [row["labels"] == tags[Path(path).name.split("_")[0]] for path, row in said.items()]
    assert sum(right) > 45  # of 60
    assert answered_image()[0].keys() == {"class", "probability"}


def test_a_number_of_images_is_learned() -> None:
    ages = {"rows": "100", "columns": "150", "empty": "200"}
    test = learn(ages, "r2", loss="mean_squared_error", metrics=["mae"], epochs=12)
    assert test["r2"] > 0.5 > test["baseline"]["r2"]
    assert test["mae"] < test["baseline"]["mae"]
    (one,) = answered_image()
    assert one["target"] == "it"
    assert 50 < one["value"] < 250


def answered_image() -> list[dict[str, Any]]:
    image = Path("data/raw/stripes/images/rows_0.png").read_bytes()
    with served(load_predictor(str(MODEL))) as client:
        found = client.post("/predict", content=image, headers={"Content-Type": "image/png"})
        assert found.status_code == 200, found.text
        predictions: list[dict[str, Any]] = found.json()["predictions"]
        return predictions
