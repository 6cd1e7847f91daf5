"""What keeps a saved model from predicting: one sentence each, and nothing is written."""

import math
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.errors import UserError
from modelyard.files import read_csv, read_yaml, write_yaml
from modelyard.serving import predict, predictor
from modelyard.serving.predict import main
from modelyard.serving.predictor import load_predictor
from modelyard.tasks import answers
from modelyard.tasks.kinds.image import find_images

from .conftest import ROOT
from .tiny import MODEL

IMAGES = Path("data/raw/stripes/images")
IMAGE = str(IMAGES / "rows_0.png")
ABOUT = MODEL / "predict_configuration.yaml"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one sentence that ends a prediction."""
    assert main(list(arguments)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert not Path("predictions.csv").exists()
    return captured.err


@pytest.mark.usefixtures("trained")
def test_what_is_no_number_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    model = load_predictor(str(MODEL)).model
    weights = model.get_weights()
    for wrong in (math.nan, math.inf):
        model.set_weights([np.full_like(weight, wrong) for weight in weights])
        model.save(MODEL / "model.keras")
        assert said(capsys, str(MODEL), IMAGE) == (
            "error: models/tiny/model.keras answers with numbers that are not finite (NaN or "
            "infinity); train it again.\n"
        )


DESCRIPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "output is a word": ({"output": "probabilities"}, "does not describe a model (output: "),
    "no classes": ({"output": {}}, "does not describe a model (output.classes: "),
    "classes are numbers": ({"output": {"classes": [1]}}, "a model (output.classes.0: "),
    "no model": ({"model": None}, "does not describe a model (model: "),
    "another task": ({"task": "poetry"}, "does not describe a model (task: "),
    "a path as task": ({"task": "..run"}, "does not describe a model (task: "),
}


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("case", DESCRIPTIONS)
def test_a_description_that_does_not_describe_is_named(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change, message = DESCRIPTIONS[case]
    write_yaml(ABOUT, read_yaml(ABOUT) | change)
    found = said(capsys, str(MODEL), IMAGE)
    assert found.startswith(f"error: {ABOUT} ")
    assert message in found
    assert found.endswith("); `dvc pull` or train it again.\n")


@pytest.mark.usefixtures("trained")
def test_a_description_of_another_number_of_classes_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    about = read_yaml(ABOUT)
    about["output"]["classes"].pop()
    write_yaml(ABOUT, about)
    found = said(capsys, str(MODEL), IMAGE)
    assert found.startswith(f"error: {ABOUT} names 2 classes, but {MODEL}/model.keras gives (None,")


@pytest.mark.usefixtures("trained")
def test_a_task_that_is_not_here_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(answers, "objects", raising=False)  # as if pycocotools were not installed
    monkeypatch.setitem(sys.modules, "modelyard.tasks.answers.objects", None)
    about = read_yaml(ABOUT)
    output = about["output"] | {"activation": "objects"}
    write_yaml(ABOUT, about | {"task": "instance_segmentation", "output": output})
    found = said(capsys, str(MODEL), IMAGE)
    assert found.startswith(f"error: {ABOUT}: task is 'instance_segmentation', which needs more")


def without_configuration(file: Path) -> None:
    with zipfile.ZipFile(file) as whole:
        weights = whole.read("model.weights.h5")
    with zipfile.ZipFile(file, "w") as partial:
        partial.writestr("model.weights.h5", weights)


def of_something_else(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", "[]")


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("damage", [without_configuration, of_something_else, Path.touch])
def test_a_damaged_file_is_named(
    damage: Callable[[Path], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file = MODEL / "model.keras"
    if damage is Path.touch:
        file.unlink()
    damage(file)
    assert said(capsys, str(MODEL), IMAGE).startswith(
        f"error: {file} is not a model that Keras can load ("
    )


@pytest.mark.usefixtures("trained")
def test_a_model_of_numbers_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.save(MODEL / "model.keras")
    assert "model.keras takes (None, 4), which are not images" in said(capsys, str(MODEL), IMAGE)


@pytest.mark.usefixtures("trained")
def test_the_only_keras_file_of_a_folder_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    (MODEL / "model.keras").rename(MODEL / "best.keras")
    (MODEL / ".partial-model.keras").touch()
    assert main([str(MODEL), IMAGE]) == 0
    assert read_csv(Path("predictions.csv"))[0]["class"] == "rows"
    capsys.readouterr()
    Path("predictions.csv").unlink()
    shutil.copy(MODEL / "best.keras", MODEL / "other.keras")
    assert said(capsys, str(MODEL), IMAGE) == (
        "error: models/tiny holds more than one model; name one of them: models/tiny/best.keras, "
        "models/tiny/other.keras.\n"
    )


@pytest.mark.usefixtures("workspace")
def test_a_name_too_long_is_no_model_and_no_image(capsys: pytest.CaptureFixture[str]) -> None:
    long = "a" * 300
    for model in (long, f"models/{long}", f"{long}.keras"):
        assert said(capsys, model, IMAGE) == (
            f"error: {model} cannot be opened as a model (File name too long); name another.\n"
        )
    assert said(capsys, str(MODEL), long) == (f"error: {long}: the name is too long; shorten it.\n")


@pytest.mark.usefixtures("workspace")
def test_an_empty_name_is_not_the_current_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(MODEL), ""])
    assert "argument INPUT: is empty; name images or folders" in capsys.readouterr().err


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("output", ["pipe", "link.csv", "dangling.csv"])
def test_what_is_no_regular_file_is_not_replaced(
    output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe")
    Path("precious.csv").write_text("precious")
    Path("link.csv").symlink_to("precious.csv")
    Path("dangling.csv").symlink_to("elsewhere.csv")
    before = Path(output).lstat()
    assert said(capsys, str(MODEL), IMAGE, "--force", "--output", output) == (
        f"error: {output} is a link or not a regular file, and would be replaced by one; name "
        "another with --output.\n"
    )
    assert Path(output).lstat().st_ino == before.st_ino
    assert Path("precious.csv").read_text() == "precious"


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("where", [(predict, "load_predictor"), (predict, "write_csv")])
def test_ctrl_c_ends_quietly(
    where: tuple[Any, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*where, interrupted)
    assert main([str(MODEL), IMAGE]) == 128 + signal.SIGINT
    assert capsys.readouterr().err == "error: interrupted; nothing is written.\n"
    assert not list(Path().glob("*predictions.csv"))


@pytest.mark.usefixtures("trained")
def test_standard_error_may_be_closed() -> None:
    command = f"exec {sys.executable} -m modelyard predict {MODEL} {IMAGE} 2>&-"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", command], env=environment, stdout=-1, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "predictions.csv: 1 images\n")
    assert read_csv(Path("predictions.csv"))[0]["class"] == "rows"


def test_links_are_followed_where_they_are_named_and_not_below(tmp_path: Path) -> None:
    away, here = tmp_path / "away", tmp_path / "here"
    for folder in (away, here / "deeper"):
        folder.mkdir(parents=True)
        (folder / "a.png").touch()
    (here / "loop").symlink_to(here)
    (here / "away").symlink_to(away)
    (here / "b.png").symlink_to(away / "a.png")
    assert find_images([here]).files == [here / "b.png", here / "deeper/a.png"]
    assert find_images([here / "away"]).files == [here / "away/a.png"]


def test_a_name_of_nothing_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^\. holds no \.keras file; train it or"):
        predictor.load_predictor("")
