"""Models of another framework predict and are served through their own adapter.py."""

import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modelyard.files import read_csv, read_yaml, write_yaml
from modelyard.serving.about import describe
from modelyard.serving.predict import main
from modelyard.serving.predictor import load_predictor
from modelyard.tasks.outputs import OBJECTS
from modelyard.zoo.command import main as zoo
from src.run import main as stage

from .serving import png, served
from .tiny import CLASSES, MODEL
from .toys import ADAPTER, ZAZU

IMAGES = Path("data/raw/stripes/images")
IMAGE = str(IMAGES / "rows_0.png")
ABOUT = MODEL / "predict_configuration.yaml"
# It keeps what `predict` returns: a list of numbers, or an error.
SAYS = """
from beside import answer
from modelyard.adapter import AdapterModel

class Says(AdapterModel):
    def train(self):
        self.model = 1

    def get_metrics(self):
        return {"a": 1}

    def predict(self, images):
        assert images.dtype == "uint8"
        return answer(images)
"""


def data(**settings: Any) -> dict[str, Any]:
    """Return the section `data` of the tiny project with other settings."""
    found: dict[str, Any] = read_yaml(Path("config.yaml"))["data"]
    return found | settings


@pytest.fixture(autouse=True)
def _here(workspace: Path) -> None:
    """Work in the tiny project."""
    assert Path.cwd() == workspace


def says(answer: str) -> None:
    """Train an adapter whose `predict` returns an expression of `images`."""
    ADAPTER.write_text(SAYS)
    code = f"import numpy as np\n\ndef answer(images):\n    return {answer}\n"
    (MODEL / "beside.py").write_text(code)
    assert stage(["train"]) == 0


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one sentence that ends a prediction."""
    capsys.readouterr()
    assert main(list(arguments)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert not Path("predictions.csv").exists()
    return captured.err


def test_neighbours_of_the_zoo_predict_and_are_served() -> None:
    assert zoo(["add", "neighbours", "--name", "second"]) == 0
    assert stage(["train", "--config", "models/second/config.yaml"]) == 0
    shutil.rmtree("data/processed")  # needed by nobody who only predicts
    assert main(["models/second", str(IMAGES)]) == 0
    rows = read_csv(Path("predictions.csv"))
    assert {row["path"].split("/")[-1].split("_")[0] for row in rows} == set(CLASSES)
    assert all(row["class"] in row["path"] for row in rows)
    predictor = load_predictor("models/second/model.pkl")  # the same by its file
    assert describe(predictor)["sha256"]
    with served(predictor) as client:
        answer = client.post("/predict", files={"image": Path(IMAGE).read_bytes()}).json()
        assert answer["predictions"][0]["class"] == "rows"
        assert math.fsum(one["probability"] for one in answer["predictions"]) == pytest.approx(1)
        about = client.get("/model").json()
    assert (about["name"], about["classes"]) == ("second", sorted(CLASSES))


def test_a_model_of_objects_answers_with_boxes_in_the_images_own_pixels() -> None:
    says("np.tile([[[0.25, 0.5, 0.75, 1, 0.9, 1], [0, 0, 1, 1, 0.1, 0]]], (len(images), 1, 1))")
    about = read_yaml(ABOUT)
    about |= {"task": "object_detection"}
    about["output"] = {
        "activation": "objects",
        "columns": OBJECTS,
        "classes": about["output"]["classes"],
    }
    write_yaml(ABOUT, about)
    with served(load_predictor(str(MODEL))) as client:
        (found,) = client.post("/predict", files={"image": png(size=(40, 20))}).json()[
            "predictions"
        ]
    assert found == {"class": sorted(CLASSES)[1], "probability": 0.9, "box": [5, 20, 15, 40]}


def test_an_adapter_s_images_are_read_as_its_data_was() -> None:
    write_yaml(Path("config.yaml"), read_yaml(Path("config.yaml")) | {"data": data(resize="crop")})
    assert stage(["prepare"]) == 0
    says("np.array([[image.min() == 200, image.max() == 200, 0] for image in images])[:] / 1")
    left, middle, right = (Image.new("L", (20, 20), value) for value in (0, 200, 90))
    wide = Image.new("L", (60, 20))
    for number, part in enumerate((left, middle, right)):
        wide.paste(part, (20 * number, 0))
    wide.save("wide.png")
    assert main([str(MODEL), "wide.png"]) == 0
    (row,) = read_csv(Path("predictions.csv"))
    assert (row["class"], float(row["probability"])) == (sorted(CLASSES)[0], 1)
    predictor = load_predictor(str(MODEL))
    with served(predictor) as client:
        answer = client.post("/predict", files={"image": Path("wide.png").read_bytes()}).json()
        assert answer["predictions"][0]["probability"] == 1
        assert client.get("/model").json()["input"]["resize"] == "crop"


@pytest.mark.parametrize("resize", ["pad", "crop"])
def test_boxes_of_an_adapter_count_the_pixels_of_the_whole_image(resize: str) -> None:
    says("np.tile([[[0.25, 0.25, 0.75, 0.75, 0.9, 1]]], (len(images), 1, 1))")
    about = read_yaml(ABOUT) | {"task": "object_detection"}
    about["output"] = {
        "activation": "objects",
        "columns": OBJECTS,
        "classes": about["output"]["classes"],
    }
    about["input"] |= {"resize": resize}
    write_yaml(ABOUT, about)
    with served(load_predictor(str(MODEL))) as client:
        answer = client.post("/predict", files={"image": png(size=(40, 20))}).json()
    assert (answer["width"], answer["height"]) == (20, 40)
    wanted = {"pad": [0, 10, 20, 30], "crop": [5, 15, 15, 25]}
    assert answer["predictions"][0]["box"] == wanted[resize]


def test_training_says_whether_the_model_predicts() -> None:
    says("np.ones((len(images), 3)) / 3")
    about = read_yaml(ABOUT)
    assert (about["adapter"], about["predicts"]) == (str(ADAPTER), True)
    assert (about["model"], about["task"]) == ("tiny", "image_classification")
    ADAPTER.write_text(ZAZU)
    assert stage(["train"]) == 0
    assert read_yaml(ABOUT)["predicts"] is False


def test_an_adapter_that_does_not_predict_is_told_what_to_define(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ADAPTER.write_text(ZAZU)
    assert stage(["train"]) == 0
    assert said(capsys, str(MODEL), IMAGE) == (
        "error: models/tiny/adapter.py defines no predict(images), which returns what the model "
        "says of images (batch, height, width, channels); define it in AdapterModel, then train it "
        "again.\n"
    )


WRONG = {
    "a vector": ("np.ones(len(images))", "predict returned float64 of the shape (1); return numbe"),
    "classes": ("np.ones((len(images), 2)) / 2", "of the shape (1, 3): a probability for each cla"),
    "nothing": ("None", "predict returned object of the shape (); return numbers of the shape"),
    "text": ("np.full((len(images), 3), 'x')", "predict returned <U1 of the shape (1, 3); return"),
    "logits": ("np.full((len(images), 3), -4.5)", "predict returned -4.5 as a probability; return"),
    "one answer": ("np.ones((7, 3)) / 3", "predict returned float64 of the shape (7, 3); return"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_in_the_form_of_the_task_is_refused(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, message = WRONG[case]
    says(answer)
    found = said(capsys, str(MODEL), IMAGE)
    assert found.startswith("error: models/tiny/adapter.py: predict returned ")
    assert message in found


def test_what_is_not_finite_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    says("np.full((len(images), 3), np.nan)")
    assert "model.pkl answers with numbers that are not finite" in said(capsys, str(MODEL), IMAGE)


def test_an_error_of_its_own_is_shown_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    says("np.ones((2, 2)) @ np.ones(3)")
    assert said(capsys, str(MODEL), IMAGE).startswith(
        "error: models/tiny/beside.py, line 4: predict failed (ValueError: matmul: "
    )


def test_a_damaged_model_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    says("np.ones((len(images), 3)) / 3")
    (MODEL / "model.pkl").write_bytes(b"\x80")
    assert said(capsys, str(MODEL), IMAGE) == (
        "error: models/tiny/adapter.py: the model in models/tiny cannot be loaded "
        "(UnpicklingError: pickle data was truncated); `dvc pull` or train it again.\n"
    )
    (MODEL / "model.pkl").unlink()
    assert "models/tiny/model.pkl does not exist; train it first" in said(capsys, str(MODEL), IMAGE)


def test_code_from_elsewhere_does_not_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    says("np.ones((len(images), 3)) / 3")
    other = tmp_path / "models/other"
    shutil.copytree(MODEL, other)
    (other / "adapter.py").write_text("open('ran', 'w')")
    assert "which runs when it is loaded; only models in models/ of this project are" in said(
        capsys, str(other), IMAGE
    )
    assert not Path("ran").exists()


def test_a_keras_file_beside_an_adapter_is_the_model_that_was_trained_last(trained: Path) -> None:
    del trained
    description: dict[str, Any] = read_yaml(ABOUT)
    ADAPTER.write_text(SAYS)
    (MODEL / "beside.py").write_text("answer = len")
    assert load_predictor(str(MODEL)).file == MODEL / "model.keras"
    assert stage(["train"]) == 0
    assert load_predictor(str(MODEL)).file == MODEL / "model.pkl"
    assert load_predictor(str(MODEL / "model.keras")).file == MODEL / "model.keras"
    assert description["output"]["classes"] == read_yaml(ABOUT)["output"]["classes"]
