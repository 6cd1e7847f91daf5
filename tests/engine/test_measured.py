"""Limits of metrics that will not be measured are refused before anything is trained."""

import re
from pathlib import Path
from typing import Any

import pytest

from modelyard.checking import main as check
from modelyard.config.loading import load_config
from modelyard.config.measured import why_unmeasured
from modelyard.config.requirement import Requirement
from modelyard.files import write_json, write_yaml

from .model_testing import ENVIRONMENTS, failed, run, write_stub, write_tests
from .tiny import METRICS, PROJECT, TINY, write_model

ACCURACY = {"metric": "test.accuracy", "direction": "max", "min": 0.5}


@pytest.fixture(autouse=True)
def _project(workspace: Path) -> Path:
    return workspace


def why(metric: str, *heads: str, of_class: str | None = None, known: Any = None) -> str | None:
    wanted = Requirement(metric=metric, of_class=of_class, direction="max", min=0)
    return why_unmeasured(wanted, load_config(), heads or ("class",), known)


@pytest.mark.parametrize(
    ("metric", "heads"),
    [
        ("test.accuracy", ["class"]),
        ("train.loss", ["number"]),
        ("validation.exact_match", ["labels"]),
        ("test.exact_match", ["masks"]),
        ("test.mask.map_50", ["masks"]),
        ("test.baseline.rmse", ["number"]),
        ("tflite.max_difference", ["class"]),
        ("onnx.box.map", ["boxes"]),
        ("latency_ms.tflite_batch_32", ["class"]),
        ("size_bytes.keras", ["boxes"]),
        ("test.r2", ["class", "labels", "number"]),  # where nothing is prepared yet
    ],
)
def test_what_evaluate_measures_may_be_limited(metric: str, heads: list[str]) -> None:
    assert why(metric, *heads) is None


@pytest.mark.parametrize(
    ("metric", "head", "said"),
    [
        ("test.acuracy", "class", r"`evaluate` measures no 'acuracy' \(did you mean "
         r"'accuracy'\?\); it measures accuracy, auc, "),
        ("test.precision", "class", "precision is measured only where params.metrics of "
         r"models/tiny/config\.yaml names it; add it$"),
        ("test.exact_match", "number", "a number is never exactly right, .*; limit mae"),
        ("test.box.map", "class", r"measures no 'box\.map'"),
        ("test.accuracy", "boxes", r"measures no 'accuracy'; it measures box\.map, "),
        ("test.mask.map", "boxes", r"measures no 'mask\.map'; it measures box\.map, "),
        ("train.log_loss", "class", "measures no 'log_loss'"),
        ("tset.accuracy", "class", r"has no part 'tset' \(did you mean 'test'\?\); it has train, "),
        ("tflite.max_diference", "class", r"did you mean 'max_difference'"),
        ("latency_ms.keras_batch_64", "class", r"did you mean 'keras_batch_32'"),
    ],
)  # fmt: skip
def test_what_it_does_not_measure_is_told_with_what_to_write(
    metric: str, head: str, said: str
) -> None:
    assert re.search(said, why(metric, head) or "")


@pytest.mark.parametrize(
    ("metric", "head", "said"),
    [
        ("test.recall", "class", None),
        ("test.exact_match", "boxes", None),
        ("test.exact_match", "class", "exact_match of one class is its recall; write recall"),
        ("test.recal", "labels", "no class has 'recal' (did you mean 'recall'?); `evaluate` "
         "measures average_precision, precision, recall, f1 by class"),
        ("train.recall", "class", "only test has metrics by class, not train"),
        ("test.mae", "number", "no class has 'mae'; a number has no classes"),
    ],
)  # fmt: skip
def test_metrics_by_class_are_known_too(metric: str, head: str, said: str | None) -> None:
    assert why(metric, head, of_class="a") == said


def test_metrics_that_only_the_teams_code_knows_are_left_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert why("test.own", "class", known={"test": {"own": 0.5}}) is None
    assert why("test.own", "class", known={"test": {"own": "text"}})
    own = "modelyard.config.measured.defined_in"
    monkeypatch.setattr(own, lambda _: {"build_model": 1, "metrics": 9})
    assert why("test.own", "class") is None
    assert why("tset.own", "class")


def test_a_metric_that_is_not_measured_is_refused_before_any_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_stub()
    write_tests(Quick={"metrics": {"acuracy": 0.9, "precision": 0.5}})
    first, second = failed(capsys)
    assert first.startswith("model_tests.yaml: Quick.metrics: test.acuracy: `evaluate` measures no")
    assert second.startswith("model_tests.yaml: Quick.metrics: test.precision: precision is measu")
    assert not Path(".model_tests/Quick@local").exists()
    config = {"params.metrics": ["accuracy", "precision"]}
    write_tests(Quick={"metrics": {"accuracy": 0.9, "precision": {"max": 2}}, "config": config})
    assert "observed nothing: there is no 'precision'" in failed(capsys)[0]  # of the stand-in
    assert run("--test", "Quick", "--no-inference") == 1


def test_check_reads_limits_model_tests_and_environments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def said() -> str:
        capsys.readouterr()
        assert check([]) == 1
        return capsys.readouterr().err

    assert check([]) == 0
    write_model(TINY | {"acceptance": [ACCURACY | {"metric": "test.acuracy"}]})
    assert said().startswith(
        "error: models/tiny/config.yaml: acceptance[0]: test.acuracy: `evaluate` measures no"
    )
    write_model(TINY | {"acceptance": [ACCURACY]})
    write_yaml(
        Path("config.yaml"), {**PROJECT, "summary": {"metric": "test.f2", "direction": "max"}}
    )
    assert said().startswith("error: config.yaml: summary.metric is 'test.f2': `evaluate` measures")
    write_json(METRICS / "metrics.json", {"test": {"f2": 0.5}})
    assert check([]) == 0
    write_tests(Quick={"tme_limit": 5})
    assert "model_tests.yaml: Quick: tme_limit is not a known key" in said()
    write_tests(Quick={"metrics": {"acuracy": 0.9}})
    assert "model_tests.yaml: Quick.metrics: test.acuracy: `evaluate` measures no" in said()
    write_tests(Quick={})
    write_yaml(ENVIRONMENTS, {"dogfood": {"hots": "file://.."}})
    assert "hots is not a known key" in said()
