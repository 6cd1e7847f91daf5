"""Detection and segmentation, from COCO's JSON to predictions, on scenes of bars and squares."""

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from modelyard.config.hyperparameters import chosen_hyperparameters
from modelyard.config.image_section import ImageSettings
from modelyard.config.loading import load_config
from modelyard.data.annotations import Example, Object
from modelyard.data.annotations.masks import mask_pixels
from modelyard.data.objects import groups
from modelyard.data.view import view_of
from modelyard.documents import flat
from modelyard.errors import UserError
from modelyard.files import read_csv, write_yaml
from modelyard.model_tests.perturbing import scores
from modelyard.serving.predict import main as predict
from modelyard.serving.predictor import load_predictor
from modelyard.tasks.coco_metrics import CocoMetrics
from modelyard.tasks.detections import Detection, detections
from modelyard.tasks.drawing import draw_examples
from modelyard.tasks.objects import comparable
from src.models import build_model
from src.run import main

from .announced import check_announced
from .conftest import ROOT, stages
from .tiny import METRICS, MODEL, PROJECT, snapshot
from .tiny_scenes import PROCESSED, SCENES, SIDE, TASKS, model, write_scenes


@pytest.fixture(scope="module", params=TASKS)
def _trained_scenes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    if PROJECT["data"].get("task") == request.param:  # of this project all tests train it once
        return request.param, request.getfixturevalue("_trained")
    root = tmp_path_factory.mktemp("scenes") / "project"
    write_scenes(root, request.param)
    stages(root, "prepare", "tune", "train", "evaluate", "summary")
    return request.param, root


@pytest.fixture
def task(_trained_scenes: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the task of a trained project; its copy is the working directory."""
    task, root = _trained_scenes
    shutil.copytree(root, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return task


def test_a_small_network_finds_what_is_there(task: str) -> None:
    check_announced()
    metrics = json.loads((METRICS / "metrics.json").read_text())
    kinds = {"box", "mask"} if task == "instance_segmentation" else {"box"}
    assert set(metrics["train"]) == {*kinds, "exact_match"}
    for kind in kinds:
        assert metrics["test"][kind]["map_50"] > 0.8
        assert metrics["train"][kind]["map"] > 0.5
        assert metrics["tflite"][kind] == pytest.approx(metrics["test"][kind], abs=0.02)
        for values in metrics["test"]["per_class"].values():
            assert 0.3 < values[f"{kind}_ap"] <= 1
    assert metrics["test"]["per_class"].keys() == {"bar", "square"}
    assert metrics["test"]["exact_match"] > 0.5


def test_what_training_found_is_kept_without_the_masks_pixels(task: str) -> None:
    kept = np.load(MODEL / "test_predictions.npy")
    saved = keras.models.load_model(MODEL / "model.keras")
    found = saved.predict(np.load(PROCESSED / "test_images.npy"), verbose=0)
    assert kept[..., :6] == pytest.approx(found[..., :6], abs=1e-4)
    assert kept.shape[-1] == (8 if task == "instance_segmentation" else 6)
    if task == "instance_segmentation":
        assert kept[..., 6] == pytest.approx(found[..., 6:].sum(axis=-1), rel=1e-3)
    by = {"brightness": 1e-9} | ({"shift": 3} if task == "object_detection" else {})
    measured = scores(PROCESSED, saved.predict_on_batch, by)
    before = json.loads((METRICS / "metrics.json").read_text())["test"]
    unchanged = dict(flat(measured["brightness"]))
    assert unchanged == pytest.approx(dict(flat(before)), abs=1e-3)
    if "shift" in measured:  # unless boxes moved along, none would be where it is annotated
        assert measured["shift"]["box"]["map_50"] > 0.6


@pytest.mark.parametrize("moved", ["mirrored", "turned", "shifted"])
def test_masks_of_one_size_in_different_places_are_told_apart(moved: str) -> None:
    mask = np.zeros((28, 28), np.float32)
    mask[8:15, 9:20], mask[15:19, 9:12] = 1, 0.9
    other = {
        "mirrored": mask[:, ::-1],
        "turned": mask[::-1, ::-1],
        "shifted": np.roll(mask, 1, axis=1),
    }[moved]
    scores = np.array([[0.1, 0.1, 0.5, 0.5, 0.9, 1]], np.float32)
    one, two = (comparable(np.append(scores, part.reshape(1, -1), -1)) for part in (mask, other))
    assert one[0, 6] == pytest.approx(two[0, 6])
    assert abs(one[0, 7] - two[0, 7]) > 0.1


@pytest.mark.usefixtures("task")
def test_what_was_found_is_listed_and_drawn() -> None:
    found = read_csv(METRICS / "predictions.csv")
    assert {row["class"] for row in found} == {"bar", "square"}
    for row in found:
        x1, y1, x2, y2 = (float(row[name]) for name in ("x1", "y1", "x2", "y2"))
        assert 0 <= x1 < x2 <= SIDE
        assert 0 <= y1 < y2 <= SIDE
    curve = read_csv(METRICS / "precision_recall.csv")
    assert [float(row["recall"]) for row in curve[:3]] == [0, 0.05, 0.1]
    with Image.open(METRICS / "examples.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50


@pytest.mark.usefixtures("task")
def test_the_notebook_shows_data_curves_and_what_was_found() -> None:
    shutil.copytree(ROOT / "src", "src")
    notebook = nbformat.read(ROOT / "src/notebooks/explore_objects.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(Path.cwd())}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 4


@pytest.mark.usefixtures("task")
def test_predicting_gives_what_evaluating_found(tmp_path: Path) -> None:
    expected = read_csv(METRICS / "predictions.csv")
    truth = json.loads((PROCESSED / "test.json").read_text())
    files = [str(Path("data/raw/scenes") / image["file_name"]) for image in truth["images"]]
    output = tmp_path / "found.csv"
    assert predict([str(MODEL), *files, "--output", str(output)]) == 0
    found = read_csv(output)
    assert [row["class"] for row in found] == [row["class"] for row in expected]
    for name in ("probability", "x1", "y1", "x2", "y2"):
        assert [float(row[name]) for row in found] == pytest.approx(
            [float(row[name]) for row in expected], abs=0.02
        )


@pytest.mark.usefixtures("task")
def test_a_description_that_names_too_few_classes_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    predictor = load_predictor(str(MODEL))
    monkeypatch.setitem(predictor.about["output"], "classes", ["bar"])
    monkeypatch.setattr("modelyard.serving.predict.load_predictor", lambda _: predictor)
    assert predict([str(MODEL), "data/raw/scenes", "--output", "found.csv"]) == 1
    said = f"names 1 classes, but {MODEL}/model.keras finds others"
    assert said in capsys.readouterr().err
    assert not Path("found.csv").exists()


def test_a_picture_of_16_bits_is_drawn_as_the_model_sees_it(tmp_path: Path) -> None:
    Image.fromarray(np.full((160, 160), 2**15, np.uint16)).save(tmp_path / "grey.png")
    truth = {"categories": [], "annotations": [], "images": [{"id": 1, "file_name": "grey.png"}]}
    draw_examples(tmp_path / "drawn.png", tmp_path, truth, [[]], ImageSettings())
    with Image.open(tmp_path / "drawn.png") as drawn:
        assert drawn.convert("RGB").getpixel((80, 80)) == (128, 128, 128)


@pytest.mark.usefixtures("task")
def test_a_dry_run_writes_nothing() -> None:
    before = snapshot(Path())
    for stage in ("prepare", "train", "evaluate"):
        assert main([stage, "--dry-run"]) == 0
    assert snapshot(Path()) == before


def test_an_unknown_loss_names_the_task_s_own(
    task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = model(task)
    write_yaml(MODEL / "config.yaml", document | {"params": {**document["params"], "loss": "mse"}})
    assert main(["train"]) == 1
    said = capsys.readouterr().err
    assert f"params.loss is 'mse', which neither {task} nor " in said
    assert said.rstrip().endswith("define it there, or write one of centers.")


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize(("architecture", "cell"), [("centers", 8), ("backbone_centers", 16)])
def test_images_that_cells_do_not_fill_are_refused(architecture: str, cell: int) -> None:
    config: Any = load_config(overrides={"architecture": architecture})
    with pytest.raises(UserError, match=rf"image_size is \[40, 36\].* multiples of {cell}"):
        build_model(config, chosen_hyperparameters(config), (40, 36, 3), 2)


def test_a_model_of_another_task_is_refused(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_yaml(MODEL / "config.yaml", model("image_classification"))
    assert main(["train"]) == 1
    assert f"data.task in config.yaml is {task!r}" in capsys.readouterr().err


def test_boxes_and_masks_are_written_as_shares_of_the_image(task: str) -> None:
    truth = json.loads((PROCESSED / "train.json").read_text())
    boxes = np.load(PROCESSED / "train_boxes.npy")
    assert boxes.shape == (len(truth["images"]), 2, 5)
    names = [one["name"] for one in truth["categories"]]
    for image, objects in zip(truth["images"], boxes, strict=True):
        wanted = [one for one in truth["annotations"] if one["image_id"] == image["id"]]
        there = objects[objects[:, 4] >= 0]
        assert len(there) == len(wanted)
        for one, row in zip(wanted, there, strict=True):
            x, y, width, height = one["bbox"]
            assert (row[:4] * SIDE).tolist() == [x, y, x + width, y + height]
            assert names[int(row[4])] in {"bar", "square"}
    if task == "instance_segmentation":
        masks = np.load(PROCESSED / "train_masks.npy")
        assert masks.shape == (len(truth["images"]), 2, SIDE // 2, SIDE // 2)
        areas = {int(mask.sum() / 255 * 4 + 0.5) for mask in masks.reshape(-1, 256) if mask.any()}
        assert all(abs(area - 70) < 3 or abs(area - 100) < 3 for area in areas)
    assert len(list(Path("data/raw/scenes/images").iterdir())) == SCENES


def test_masks_are_decoded_from_polygons_and_run_lengths() -> None:
    square = np.zeros((6, 8), np.uint8)
    square[1:4, 2:6] = 1
    assert (mask_pixels([[2, 1, 6, 1, 6, 4, 2, 4]], (6, 8)) == square).all()
    columns = square.T.ravel()
    changes = np.flatnonzero(np.diff(columns)) + 1
    counts = np.diff([0, *changes, len(columns)]).tolist()
    assert (mask_pixels({"size": [6, 8], "counts": counts}, (6, 8)) == square).all()


def test_images_are_drawn_by_their_rarest_class() -> None:
    def example(*labels: str) -> Example:
        return Example("x.png", tuple(Object(label, (0, 0, 1, 1)) for label in labels))

    examples = [example("a"), example("a", "b"), example("b"), example("b", "a"), example()]
    examples += [example("a")] * 5
    assert groups(examples) == ["a", "b", "b", "b", "", "a", "a", "a", "a", "a"]
    assert groups([*examples, example("rare")])[-1] == "rare"


def test_average_precision_is_that_of_the_reference() -> None:
    boxes = [(0.0, 0.0, 10.0, 10.0), (20.0, 20.0, 30.0, 30.0)]
    truth = {
        "images": [{"id": 1, "width": 40, "height": 40}],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "never"}],
        "annotations": [
            {"id": n + 1, "image_id": 1, "category_id": 1, "bbox": [x1, y1, 10, 10],
             "area": 100, "iscrowd": 0}
            for n, (x1, y1, _, _) in enumerate(boxes)
        ],
    }  # fmt: skip
    both = CocoMetrics(truth, [[Detection(0, 0.9, boxes[0]), Detection(0, 0.8, boxes[1])]])
    assert both.summary() == {"box": {"map": 1.0, "map_50": 1.0}, "exact_match": 1.0}
    one = CocoMetrics(truth, [[Detection(0, 0.9, boxes[0])]])
    assert one.summary()["box"]["map"] == pytest.approx(51 / 101)  # recall 0.5 of 101 points
    assert one.per_class() == {"a": {"exact_match": 0.0, "box_ap": pytest.approx(51 / 101)}}
    nothing = CocoMetrics(truth, [[]])
    assert nothing.summary()["box"] == {"map": 0.0, "map_50": 0.0}
    shifted = (0.0, 0.0, 10.0, 8.0)  # an IoU of 0.8 passes 0.5 to 0.8, seven of ten thresholds
    near = CocoMetrics(truth, [[Detection(0, 0.9, shifted), Detection(0, 0.8, boxes[1])]])
    assert 0.7 < near.summary()["box"]["map"] < 1


def test_an_image_matches_exactly_with_every_object_once_and_none_too_many() -> None:
    size = {"width": 40, "height": 40}
    square, far = (0.0, 0.0, 10.0, 10.0), (20.0, 20.0, 30.0, 30.0)
    wanted = {"category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0}
    crowd = {"id": 9, "image_id": 1, "category_id": 1, "bbox": [20, 20, 10, 10], "area": 100,
             "iscrowd": 1}  # fmt: skip
    truth = {
        "images": [{"id": 1, **size}, {"id": 2, **size}],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
        "annotations": [{"id": 1, "image_id": 1, **wanted}, crowd],
    }
    right = Detection(0, 0.9, square)
    cases: list[tuple[list[list[Detection]], float, float]] = [
        ([[right], []], 1, 1),
        ([[right, Detection(0, 0.29, far)], [Detection(1, 0.29, far)]], 1, 1),  # nobody is shown it
        ([[right, Detection(0, 0.9, far)], []], 1, 1),  # in a crowd
        ([[right._replace(box=(0.0, 0.0, 10.0, 5.0))], []], 1, 1),  # an IoU of a half
        ([[right._replace(box=(0.0, 0.0, 10.0, 4.9))], []], 0.5, 0),
        ([[right._replace(score=0.29)], []], 0.5, 0),
        ([[right, right], []], 0.5, 0),  # one object found twice
        ([[right._replace(label=1)], []], 0.5, 0),
        ([[right, Detection(1, 0.9, square)], []], 0.5, 1),
        ([[right], [Detection(1, 0.9, square)]], 0.5, 1),
    ]
    for found, whole, of_a in cases:
        metrics = CocoMetrics(truth, found)
        assert metrics.summary()["exact_match"] == whole, found
        assert metrics.per_class().keys() == {"a"}
        assert metrics.per_class()["a"]["exact_match"] == of_a, found


def test_of_images_without_objects_nothing_is_measured() -> None:
    crowd = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "area": 81}
    box = (0.0, 0.0, 10.0, 10.0)
    for annotations in ([], [crowd | {"iscrowd": 1}]):
        truth = {
            "images": [{"id": 1, "width": 40, "height": 40}],
            "categories": [{"id": 1, "name": "a"}],
            "annotations": annotations,
        }
        for found in ([], [Detection(0, 0.9, box)]):
            metrics = CocoMetrics(truth, [found])
            assert metrics.summary() == {}
            assert metrics.per_class() == {}
            assert metrics.precision_recall() == []


def test_an_output_becomes_pixels_of_the_image() -> None:
    cells = np.zeros(2 * 4, np.float32)
    cells[[1, 2]] = 1  # the upper row's middle
    row = np.array([0.25, 0.0, 0.75, 0.5, 0.9, 1, *cells], np.float32)
    found = [*detections(np.stack([row, row * 0]), view_of((40, 80), (8, 16)))]
    assert len(found) == 1
    assert (found[0].label, found[0].box) == (1, (20.0, 0.0, 60.0, 20.0))
    assert found[0].mask.shape == (40, 80)
    assert found[0].mask[5, 40]
    assert not found[0].mask[25:].any()
    assert not found[0].mask[:, :20].any()
