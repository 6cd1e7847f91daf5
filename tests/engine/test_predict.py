"""Classifying images with a saved model, away from the data and the configuration."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modelyard.files import read_csv, read_yaml, write_yaml
from modelyard.serving.predict import main

from .tiny import METRICS, MODEL, snapshot
from .tiny_stripes import PER_CLASS

IMAGES = Path("data/raw/stripes/images")


def test_predictions_are_those_of_the_evaluation(trained: Path) -> None:
    expected = {row["path"]: row for row in read_csv(METRICS / "predictions.csv")}
    assert main([str(MODEL), *(str(trained / "data/raw/stripes" / path) for path in expected)]) == 0
    found = read_csv(Path("predictions.csv"))
    assert len(found) == len(expected) > 5
    for row in found:
        same = expected[str(Path(row["path"]).relative_to(trained / "data/raw/stripes"))]
        assert row["class"] == same["predicted"]
        assert float(row["probability"]) == pytest.approx(float(same["probability"]), abs=1e-5)


@pytest.mark.usefixtures("trained")
def test_a_folder_means_every_image_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    (IMAGES / "notes.txt").write_text("no image")
    (IMAGES / "deeper").mkdir()
    shutil.copy(IMAGES / "rows_0.png", IMAGES / "deeper/UPPER.PNG")
    assert main([str(MODEL), str(IMAGES)]) == 0
    rows = read_csv(Path("predictions.csv"))
    assert len(rows) == 3 * PER_CLASS + 1
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    assert "predictions.csv: 61 images; left out: 1 .txt\n" in capsys.readouterr().out


@pytest.mark.usefixtures("trained")
def test_a_model_travels_with_two_files(tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    for name in ("model.keras", "predict_configuration.yaml"):
        shutil.copy(MODEL / name, away)
    output = tmp_path / "out.csv"
    options = [str(away / "model.keras"), str(IMAGES / "rows_0.png"), "--output", str(output)]
    assert main(options) == 0
    assert read_csv(output)[0]["class"] == "rows"


@pytest.mark.usefixtures("trained")
def test_images_are_read_as_the_description_says(capsys: pytest.CaptureFixture[str]) -> None:
    with Image.open(IMAGES / "rows_0.png") as image:
        shown = image.convert("RGBA")
    shown.putalpha(0)
    shown.save("hidden.png")
    Image.new("L", shown.size, "white").save("white.png")
    Image.new("L", shown.size, "black").save("black.png")
    about = read_yaml(MODEL / "predict_configuration.yaml")

    def probability(name: str) -> str:
        assert main([str(MODEL), name, "--force"]) == 0
        return read_csv(Path("predictions.csv"))[0]["probability"]

    white, black = probability("white.png"), probability("black.png")
    assert white != black
    assert probability("hidden.png") == white
    write_yaml(
        MODEL / "predict_configuration.yaml",
        about | {"input": about["input"] | {"background": "black"}},
    )
    assert probability("hidden.png") == black
    assert main([str(MODEL), ".", "--force"]) == 0
    assert "images; left out: " in capsys.readouterr().out


@pytest.mark.usefixtures("trained")
def test_what_cannot_be_read_is_skipped_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    (IMAGES / "broken.png").write_bytes(b"\x89PNG no more")
    assert main([str(MODEL), str(IMAGES / "rows_0.png"), str(IMAGES / "broken.png")]) == 0
    captured = capsys.readouterr()
    assert "1 images; 1 skipped" in captured.out
    assert "warning: skipped: data/raw/stripes/images/broken.png cannot be read" in captured.err
    assert main([str(MODEL), str(IMAGES / "broken.png"), "--force"]) == 1
    assert "None of 1 files could be read" in capsys.readouterr().err
    assert len(read_csv(Path("predictions.csv"))) == 1  # the last good ones


@pytest.mark.usefixtures("trained")
def test_nothing_is_overwritten_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("predictions.csv").write_text("precious")
    before = snapshot(Path())
    assert main([str(MODEL), str(IMAGES / "rows_0.png")]) == 1
    assert "predictions.csv exists; write elsewhere with --output" in capsys.readouterr().err
    assert snapshot(Path()) == before
    assert main([str(MODEL), str(IMAGES / "rows_0.png"), "--force"]) == 0
    assert read_csv(Path("predictions.csv"))[0]["class"] == "rows"


@pytest.mark.usefixtures("trained")
def test_a_file_named_twice_is_looked_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    (IMAGES / "folder.png").mkdir()
    (IMAGES / "gone.png").symlink_to("nowhere")
    one = IMAGES / "rows_0.png"
    assert main([str(MODEL), str(one), str(IMAGES), f"./{one}"]) == 0
    paths = [row["path"] for row in read_csv(Path("predictions.csv"))]
    assert paths[0] == str(one)
    assert len(paths) == len(set(paths)) == 3 * PER_CLASS
    assert capsys.readouterr().out == (
        "predictions.csv: 60 images; left out: 1 link that leads nowhere\n"
    )


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("unfit", [b"new\nline.png", b'a,"b";.png', b"latin \xe9.png", b"bare"])
def test_a_file_may_have_any_name(unfit: bytes) -> None:
    name = os.fsdecode(unfit)
    try:
        shutil.copy(IMAGES / "rows_0.png", name)
    except OSError:
        pytest.skip("this file system allows no such name")
    assert main([str(MODEL), name, "--output", "a/b/out.csv"]) == 0
    (row,) = read_csv(Path("a/b/out.csv"))
    assert row["path"] == unfit.decode("utf-8", "backslashreplace")
    assert row["class"] == "rows"


@pytest.mark.usefixtures("trained")
def test_where_nothing_can_be_written_is_said_before_anything_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("file").touch()
    for output, message in {
        "data": "error: data is a folder; name a file with --output.\n",
        "file/out.csv": f"error: file/out.csv cannot be written: {Path.cwd() / 'file'} is no",
    }.items():
        assert main(["no model", "no image", "--force", "--output", output]) == 1
        assert capsys.readouterr().err.startswith(message)


@pytest.mark.usefixtures("trained")
def test_a_damaged_model_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    image, file = str(IMAGES / "rows_0.png"), MODEL / "model.keras"
    file.write_bytes(file.read_bytes()[:9000])
    assert main([str(MODEL), image]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {file} is not a model that Keras can load (")
    assert said.endswith("); `dvc pull` or train it again.\n")
    (MODEL / "predict_configuration.yaml").write_text("task: image_classification")
    assert main([str(MODEL), image]) == 1
    assert "predict_configuration.yaml does not describe a model" in capsys.readouterr().err
    assert not Path("predictions.csv").exists()


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["models/tiny", "data"], "models/tiny holds no .keras file; train it or `dvc pull`"),
        (["models/tiny", "nowhere"], "nowhere does not exist; name images or folders"),
        (["models/tiny", "models"], "None of 0 files could be read as an image (left out: "),
    ],
)
def test_a_mistake_is_one_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], python: Any
) -> None:
    assert main(arguments) == 1
    assert message in capsys.readouterr().err
    done = python("-c", "import sys, modelyard.serving.predict; print('tensorflow' in sys.modules)")
    assert done.stdout == "False\n", done.stderr
