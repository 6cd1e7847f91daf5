"""The zoo's ratings by what was measured."""

import math
from pathlib import Path

import pytest
from PIL import Image

from modelyard.errors import UserError
from modelyard.files import write_json, write_yaml
from modelyard.zoo.command import main
from modelyard.zoo.measuring import measure
from modelyard.zoo.page import PAGE, PICTURE, draw

from .tiny import PROJECT, TINY

TASK = TINY.get("task", "image_classification")
SUMMARY = {"metric": "test.accuracy", "direction": "max"}
OTHER = "image_classification" if TASK == "object_detection" else "object_detection"
# accuracy, ms of one image, ms of 32, bytes
MODELS = {
    "accurate": (0.9, 8.0, 256.0, 4_000_000),
    "fast": (0.7, 2.0, 64.0, 1_000_000),
    "middle": (0.8, 4.0, 128.0, 2_000_000),
}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_yaml(Path("config.yaml"), {**PROJECT, "summary": SUMMARY, "zoo": {"task": TASK}})
    for name, (accuracy, one, many, size) in MODELS.items():
        space = {"accuracy_rating": 9, "speed_rating": 1, "memory_rating": 2}
        write_yaml(Path(f"models/{name}/config.yaml"), {**TINY, "model_space": space})
        metrics = {
            "test": {"accuracy": accuracy},
            "latency_ms": {"keras": one, "keras_batch_32": many},
            "size_bytes": {"keras": size},
        }
        write_json(Path(f"training_metrics/{name}/metrics.json"), metrics)


def test_the_best_of_the_measured_is_ten_the_worst_nothing_and_halving_counts_alike() -> None:
    found = {model.name: model for model in measure(TASK)}
    assert found["accurate"].space.point == (10, 0, 0)
    assert found["fast"].space.point == (0, 10, 10)
    assert found["middle"].space.point == (5, 5, 5)
    assert found["middle"].latency_ms == pytest.approx(math.sqrt(4.0 * 4.0))
    assert found["fast"].declared is not None
    assert found["fast"].declared.point == (9, 1, 2)


def test_a_lower_metric_may_be_the_better_one() -> None:
    document = {**PROJECT, "summary": {"metric": "test.accuracy", "direction": "min"}}
    write_yaml(Path("config.yaml"), document)
    assert {one.name: one.space.accuracy_rating for one in measure(TASK)} == {
        "accurate": 0, "fast": 10, "middle": 5,
    }  # fmt: skip


def test_one_model_alone_is_the_best_there_is() -> None:
    for name in ("fast", "middle"):
        Path(f"training_metrics/{name}/metrics.json").unlink()
    assert [one.space.point for one in measure(TASK)] == [(10, 10, 10)]


def test_models_of_another_framework_have_no_latency_and_are_left_out() -> None:
    write_json(Path("training_metrics/fast/metrics.json"), {"test": {"accuracy": 1.0}})
    assert [one.name for one in measure(TASK)] == ["accurate", "middle"]


def test_without_a_trained_model_that_is_said() -> None:
    with pytest.raises(UserError, match=rf"No model for {OTHER} is trained"):
        measure(OTHER)


def test_selecting_by_what_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", "--measured", "--priority", "1", "9", "9"]) == 0
    assert "Nearest: fast\n" in capsys.readouterr().out
    assert main(["select", "--measured", "--priority", "10", "0", "0"]) == 0
    assert "Nearest: accurate\n" in capsys.readouterr().out


def test_measuring_shows_both_ratings_and_draws_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure"]) == 0
    said = capsys.readouterr().out
    rows = [line.replace("│", " ").split() for line in said.splitlines()]
    assert ["accurate", "0.9000", "8.00", "4.00", "10", "0", "0", "9", "1", "2"] in rows
    assert str(PICTURE) in said
    with Image.open(PICTURE) as picture:
        assert len(picture.getcolors(1 << 24) or []) > 50
    page = PAGE.read_text()
    assert "| `fast` | 0.7000 | 2.00 | 1.00 | 0 10 10 | 9 1 2 |" in page
    for name in ("dense", "mobilenet", "centers", "center_masks"):
        assert f"| `{name}` |" in page
    before = PICTURE.read_bytes()
    draw(measure(TASK), (0, 0, 0), PICTURE)
    assert PICTURE.read_bytes() != before


def test_a_missing_metric_is_named() -> None:
    document = {**PROJECT, "summary": {"metric": "test.f1", "direction": "max"}}
    write_yaml(Path("config.yaml"), document)
    with pytest.raises(UserError, match=r"no number 'test\.f1', which summary\.metric"):
        measure(TASK)
