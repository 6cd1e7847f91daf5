"""A metric of what a split lacks is absent, and whatever reads metrics says so in a sentence."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from modelyard.config.loading import load_config
from modelyard.config.requirement import Requirement
from modelyard.data.manifest import Head, Manifest, write_manifest
from modelyard.errors import UserError
from modelyard.files import write_csv, write_json, write_yaml
from modelyard.model_tests.limits import observed
from modelyard.recipe.validation import TaskValidation, check_defined
from modelyard.report.accept import main as gate
from modelyard.report.command import main as report
from modelyard.tasks import Judged, objects, single_label
from modelyard.tasks.class_metrics import metric
from src.run import main

from . import tiny_scenes, tiny_stripes
from .tiny import METRICS, MODEL

CLASSES = ["a", "b", "c"]
LABELS = np.array([0, 0, 2, 2])
NO_OBJECT = {"train": {"box": {"map": 0.5}}, "validation": {}, "test": {"per_class": {}}}
MAP = {"metric": "test.box.map", "direction": "max", "min": 0.5}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a detection project, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    write_yaml(Path("config.yaml"), tiny_scenes.PROJECT)
    write_model()
    return tmp_path


def write_model(**keys: Any) -> None:
    write_yaml(MODEL / "config.yaml", tiny_scenes.TINY | keys)


def manifest(
    *there: str, classes: tuple[str, ...] = tiny_scenes.CLASSES, head: Head = "boxes"
) -> Manifest:
    """Return a manifest whose validation split has one each of some classes."""
    counts = {split: dict.fromkeys(classes, 5) for split in ("train", "test")}
    counts["validation"] = {label: int(label in there) for label in classes}
    document = {
        "kind": "image",
        "head": head,
        "inputs": {"images": {"shape": (32, 32, 3), "dtype": "uint8"}},
        "classes": list(classes),
        "examples": {"train": 9, "validation": 9, "test": 9},
        "counts": counts,
        "files": {},
    }
    return Manifest.model_validate(document)


def classifier() -> keras.Model:
    """Return a model whose outputs are its inputs, judged as `evaluate` does."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
    names = ("macro_f1", "balanced_accuracy", "auc")
    model.compile(
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", *(metric(name, 3) for name in names)],
    )
    return model


def judged(labels: np.ndarray) -> dict[str, Any]:
    """Return the metrics of a split of which the last example is taken for b."""
    import tensorflow as tf

    outputs = np.full((len(labels), 3), 0.1, np.float32)
    outputs[np.arange(len(labels)), labels] = 0.8
    outputs[-1] = [0.1, 0.8, 0.1]
    dataset = tf.data.Dataset.from_tensor_slices((outputs, labels)).batch(2)
    data: Any = SimpleNamespace(test=dataset)
    return single_label.judge(classifier(), data, "test")


def test_means_are_over_the_classes_that_a_split_has() -> None:
    found = judged(LABELS)
    assert found["balanced_accuracy"] == pytest.approx(0.75)
    assert found["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert 0.5 < found["auc"] <= 1
    table = single_label._per_class(CLASSES, LABELS, np.array([0, 0, 2, 1]))
    assert list(table) == ["a", "c"]
    assert table["c"] == {"precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3)}


def test_of_a_split_of_one_class_there_is_no_area() -> None:
    found = judged(np.array([1, 1, 1]))
    assert sorted(found) == ["accuracy", "balanced_accuracy", "loss", "macro_f1"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_split_without_objects_is_judged_and_drawn(root: Path) -> None:
    folder = tiny_scenes.PROCESSED
    truth: dict[str, Any] = {
        "images": [{"id": 1, "file_name": "a.png", "width": 32, "height": 32}],
        "annotations": [],
        "categories": [{"id": n + 1, "name": name} for n, name in enumerate(tiny_scenes.CLASSES)],
    }
    write_json(root / folder / "test.json", truth)
    write_manifest(folder, manifest())
    raw = Path("data/raw/scenes")
    raw.mkdir(parents=True)
    keras.utils.save_img(raw / "a.png", np.zeros((32, 32, 3)))
    outputs = np.array([[[0.1, 0.1, 0.5, 0.5, 0.9, 1]]], np.float32)
    data: Any = SimpleNamespace(
        config=load_config(),
        input_shape=(32, 32, 3),
        classes=list(tiny_scenes.CLASSES),
        in_order=lambda _: SimpleNamespace(take=lambda _: [(None, None)]),
    )
    model: Any = SimpleNamespace(predict_on_batch=lambda _: outputs)
    METRICS.mkdir(parents=True)
    data.test = [(np.zeros((1, 32, 32, 3)), None)]
    shown = Judged(data.config, data, lambda _: outputs)
    assert objects.judge(model, data, "test") == {}
    assert objects.details(shown) == {"per_class": {}}
    assert objects.compare(shown, lambda _: outputs) == {}
    assert (METRICS / "precision_recall.csv").read_text() == "recall,precision,kind\n"


@pytest.mark.usefixtures("root")
def test_the_gate_says_why_a_metric_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    write_model(acceptance=[MAP, MAP | {"metric": "validation.box.map"}])
    write_json(METRICS / "metrics.json", NO_OBJECT)
    assert gate([]) == 1
    said = capsys.readouterr().err
    assert "test.box.map is missing: it is undefined, as the test split has no object." in said
    assert "validation.box.map is missing: it is undefined, as the validation split has no" in said
    write_model(acceptance=[{**MAP, "metric": "test.box_ap", "of_class": "bar"}])
    per_class = {"square": {"box_ap": 0.5}}
    write_json(METRICS / "metrics.json", {"test": {"box": {"map": 0.5}, "per_class": per_class}})
    assert gate([]) == 1
    said = "there is no 'bar' among square; a class that the split lacks has no metrics."
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("root")
def test_a_report_copes_with_a_split_without_objects() -> None:
    write_json(METRICS / "metrics.json", NO_OBJECT)
    write_csv(METRICS / "precision_recall.csv", [], ("recall", "precision", "kind"))
    write_model(acceptance=[MAP])
    assert report([]) == 0
    text = Path("reports/tiny/report.md").read_text()
    assert "*No curve of precision and recall: the test split has no object.*" in text
    assert "test.box.map is missing" in text


@pytest.mark.parametrize(
    ("name", "metrics", "said"),
    [
        ("test.box.map", NO_OBJECT, "nothing: it is undefined, as the test split has no object"),
        (
            "tflite.box.map",
            {"tflite": {}},
            "nothing: it is undefined, as the test split has no obj",
        ),
        (
            "test.auc",
            {"test": {"accuracy": 0.0, "per_class": {"a": {}}}},
            "nothing: it is undefined, as the test split has one class only",
        ),
        ("test.box", {"test": {"accuracy": 0.0}}, "nothing: there is no 'box' among accuracy"),
    ],
)
def test_a_limit_of_a_model_test_says_why_it_is_not_reached(
    name: str, metrics: object, said: str
) -> None:
    requirement = Requirement(metric=name, direction="max", min=0.5)
    found, passed = observed(requirement, metrics, ["tflite"])
    assert found.startswith(said)
    assert not passed


@pytest.mark.usefixtures("root")
def test_the_summary_ranks_a_model_without_the_metric_last_and_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, metrics in (
        ("a", NO_OBJECT),
        ("b", {"test": {"box": {"map": 0.2}}}),
        ("c", {"test": {"other": 1.0}}),
        ("d", {"test": {"box": {"map": 0.4}}}),
    ):
        write_json(Path(f"training_metrics/{name}/metrics.json"), metrics)
    assert main(["summary"]) == 0
    assert list(json.loads(Path("training_metrics.json").read_text())) == ["d", "b", "a", "c"]
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "warning: training_metrics/a/metrics.json has no test.box.map: it is undefined, as the "
        "test split has no object; the model is ranked last.",
        "warning: training_metrics/c/metrics.json has no test.box.map: the model does not report "
        "it; the model is ranked last.",
    ]


@pytest.mark.usefixtures("root")
def test_the_summary_of_the_only_model_may_be_undefined() -> None:
    write_json(METRICS / "metrics.json", NO_OBJECT)
    assert main(["summary"]) == 0
    assert json.loads(Path("training_metrics.json").read_text()) == {"tiny": {"rank": 1}}


def test_what_steers_must_be_defined_in_validation(root: Path) -> None:
    assert root.is_dir()
    check_defined(load_config(), manifest())  # val_loss
    params = tiny_scenes.TINY["params"]
    stop = {**params["early_stopping"], "metric": "val_box.map"}
    write_model(params={**params, "early_stopping": stop})
    check_defined(load_config(), manifest("bar"))
    with pytest.raises(UserError) as error:
        check_defined(load_config(), manifest())
    assert str(error.value) == (
        "models/tiny/config.yaml: params.early_stopping.metric is 'val_box.map', which is "
        "undefined, as the validation split has no object; add images to it, or write val_loss."
    )
    tuning = {
        **tiny_scenes.TINY["tuning"],
        "tune": True,
        "objective": {"metric": "val_box.map_50", "direction": "max"},
    }
    learning_rate = {
        "default_value": 0.01,
        "tuning": {"tune": True, "param_type": "float", "min": 0.001, "max": 0.1},
    }
    tuning["hyperparams"] = {**tuning["hyperparams"], "learning_rate": learning_rate}
    write_model(tuning=tuning)
    with pytest.raises(UserError, match=r"tuning\.objective\.metric is 'val_box\.map_50', which"):
        check_defined(load_config(), manifest())


def test_an_area_needs_two_classes_in_validation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_yaml(Path("config.yaml"), tiny_stripes.PROJECT)
    params = tiny_stripes.TINY["params"]
    stop = {**params["early_stopping"], "metric": "val_auc"}
    document = {**tiny_stripes.TINY, "params": {**params, "early_stopping": stop}}
    write_yaml(MODEL / "config.yaml", document)
    check_defined(
        load_config(), manifest("rows", "empty", classes=tiny_stripes.CLASSES, head="class")
    )
    with pytest.raises(UserError, match="undefined, as the validation split has one class only;"):
        check_defined(load_config(), manifest("rows", classes=tiny_stripes.CLASSES, head="class"))


def test_crowds_alone_leave_a_steering_metric_undefined(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert root.is_dir()
    params = tiny_scenes.TINY["params"]
    stop = {**params["early_stopping"], "metric": "val_box.map"}
    write_model(params={**params, "early_stopping": stop})
    write_manifest(tiny_scenes.PROCESSED, manifest("bar"))
    callback = TaskValidation(SimpleNamespace(classes=[]), load_config())
    callback.set_params({"epochs": 2})
    callback.set_model(classifier())
    monkeypatch.setattr(callback, "_task", SimpleNamespace(judge=lambda *_: {}))
    with pytest.raises(UserError, match="as the validation split has no object to find; add"):
        callback.on_epoch_end(0, {})


def test_retinanet_asks_for_objects_to_judge_by() -> None:
    manifest("bar").check_objects("validation")
    with pytest.raises(UserError, match=r"^The validation split has no object, which leaves box"):
        manifest().check_objects("validation")
