"""The gate: what config.yaml requires, compared with metrics.json and with the base branch."""

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.export_section import NOT_RUN
from modelyard.report.accept import main
from modelyard.saved.content import weights_id

from .official import write_keras
from .tiny import METRICS, MODEL, TINY, write_model, write_project

ACCURACY = {"metric": "test.accuracy", "direction": "max"}
LOSS = {"metric": "test.loss", "direction": "min"}
RECALL = {"metric": "test.recall", "of_class": "a.b", "direction": "max"}
GOOD = {
    "test": {"accuracy": 0.9, "loss": 0.3, "per_class": {"a.b": {"recall": 0.8}}},
    "size_bytes": {"keras": 1000},
}


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a project whose main branch holds GOOD metrics; it is the working directory."""
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path)
    git("init", "--quiet", "--initial-branch", "main")
    require({**ACCURACY, "min": 0.5})
    write_metrics(GOOD)
    commit("Good")


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def commit(message: str) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", message)


def require(*requirements: dict[str, Any]) -> None:
    write_model({**TINY, "acceptance": list(requirements)})


def write_metrics(metrics: dict[str, Any]) -> None:
    METRICS.mkdir(parents=True, exist_ok=True)
    (METRICS / "metrics.json").write_text(json.dumps(metrics))


def changed(path: str, value: object) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads(json.dumps(GOOD))
    section = metrics
    *parents, last = path.split("/")
    for key in parents:
        section = section[key]
    if value is None:
        del section[last]
    else:
        section[last] = value
    return metrics


LIMITS: dict[str, tuple[dict[str, Any], bool]] = {
    "above the minimum": ({**ACCURACY, "min": 0.89}, True),
    "equal to the minimum": ({**ACCURACY, "min": 0.9}, True),
    "below the minimum": ({**ACCURACY, "min": 0.91}, False),
    "below the maximum": ({**LOSS, "max": 0.31}, True),
    "equal to the maximum": ({**LOSS, "max": 0.3}, True),
    "above the maximum": ({**LOSS, "max": 0.29}, False),
    "a class above": ({**RECALL, "min": 0.8}, True),
    "a class below": ({**RECALL, "min": 0.81}, False),
    "not of this split": ({"metric": "size_bytes.keras", "direction": "min", "max": 999}, False),
}


@pytest.mark.parametrize("case", LIMITS)
def test_a_limit_is_kept_or_broken_and_equal_is_kept(case: str) -> None:
    requirement, kept = LIMITS[case]
    require(requirement)
    assert main([]) == (0 if kept else 1)


def test_a_limit_to_be_decided_limits_nothing_and_is_shown_beside_what_was_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    require({**ACCURACY, "min": "decide"})
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "??  test.accuracy: 0.9 " in said
    assert "decide `min` in models/tiny/config.yaml: acceptance" in said
    require({**ACCURACY, "min": "decided"})
    assert main([]) == 1
    assert "write a number, or decide until you have measured one" in capsys.readouterr().err


@pytest.mark.parametrize(
    "limit",
    [
        {"metric": "test.mAP@0.5", "min": 0.7},
        {"metric": "test.box.mAP@0.5", "min": 0.6},
        {"metric": "test.AP@0.5", "of_class": "a.b", "min": 0.8},
    ],
)
def test_the_name_of_a_metric_may_hold_dots(
    limit: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found: Any = {"mAP@0.5": 0.7, "box": {"mAP@0.5": 0.6}, "per_class": {"a.b": {"AP@0.5": 0.8}}}
    write_metrics({"test": found})
    require({**limit, "direction": "max"})
    assert main([]) == 0
    require({**limit, "direction": "max", "metric": limit["metric"].replace("0.5", "0.75")})
    assert main([]) == 1
    assert "P@0.75' among " in capsys.readouterr().err


REGRESSIONS: dict[str, tuple[dict[str, Any], str, float, bool]] = {
    "better": (ACCURACY, "test/accuracy", 0.95, True),
    "equal": (ACCURACY, "test/accuracy", 0.9, True),
    "worse by what is allowed": (ACCURACY, "test/accuracy", 0.85, True),
    "worse by more": (ACCURACY, "test/accuracy", 0.8499, False),
    "a lower loss": (LOSS, "test/loss", 0.01, True),
    "a higher loss, as allowed": (LOSS, "test/loss", 0.35, True),
    "a higher loss": (LOSS, "test/loss", 0.3501, False),
    "a class that is worse": (RECALL, "test/per_class/a.b/recall", 0.7, False),
}


@pytest.mark.parametrize("case", REGRESSIONS)
def test_a_metric_may_become_worse_by_so_much_in_its_own_direction(case: str) -> None:
    requirement, path, value, kept = REGRESSIONS[case]
    require({**requirement, "allowed_regression": 0.05})
    write_metrics(changed(path, value))
    assert main(["--base", "main"]) == (0 if kept else 1)


MISSING: dict[str, tuple[str, object, str]] = {
    "metric": ("test/accuracy", None, "there is no 'accuracy' among loss, per_class"),
    "class": ("test/per_class/a.b", None, "there is no 'a.b' among nothing"),
    "split": ("test", None, "there is no 'test' among size_bytes"),
    "NaN": ("test/accuracy", math.nan, "test.accuracy is nan, which cannot be compared"),
    "infinite": ("test/accuracy", math.inf, "test.accuracy is inf, which cannot be compared"),
    "null": ("test/accuracy", {"x": 1}, "test.accuracy is {'x': 1}, which is not a number"),
    "boolean": ("test/accuracy", True, "test.accuracy is True, which is not a number"),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_or_no_number_fails(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    path, value, message = MISSING[case]
    requirement = RECALL if case == "class" else ACCURACY
    require({**requirement, "min": 0})
    metrics = changed(path, value)
    if case == "class":
        metrics["test"]["per_class"] = {}
    write_metrics(metrics)
    assert main([]) == 1
    assert message in capsys.readouterr().err


def test_every_violation_is_listed_with_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    require({**ACCURACY, "min": 0.99}, {**LOSS, "max": 0.1, "allowed_regression": 0})
    write_metrics(changed("test/loss", 0.4))
    assert main(["--base", "main"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert (
        f"{MODEL}/config.yaml: acceptance: test.accuracy is 0.9, below the minimum 0.99."
        in (errors[0])
    )
    assert "test.loss is 0.4, above the maximum 0.1" in errors[1]
    assert "test.loss is 0.4, 0.1 worse than the baseline 0.3" in errors[2]


def test_without_a_baseline_that_is_said_and_limits_still_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    require({**ACCURACY, "min": 0.5, "allowed_regression": 0})
    assert main([]) == 0  # HEAD's results are these, and there were none before
    assert "no baseline: these results are the first" in capsys.readouterr().out
    require({**ACCURACY, "min": 0.95, "allowed_regression": 0})
    assert main([]) == 1


def test_a_metric_that_the_base_branch_lacks_has_no_baseline(
    capsys: pytest.CaptureFixture[str],
) -> None:
    require({"metric": "test.auc", "direction": "max", "min": 0.5, "allowed_regression": 0})
    write_metrics(changed("test/auc", 0.6))
    assert main(["--base", "main"]) == 0
    assert "test.auc: 0.6 (no baseline)" in capsys.readouterr().out


def test_the_base_branch_is_never_compared_with_itself() -> None:
    require({**ACCURACY, "allowed_regression": 0.01})
    commit("Require")
    write_metrics(changed("test/accuracy", 0.8))
    assert main(["--base", "main"]) == 1  # not yet committed
    commit("Worse")
    assert main(["--base", "main"]) == 1  # main itself: its results before these
    git("commit", "--quiet", "--allow-empty", "--message", "Nothing")
    assert main(["--base", "main"]) == 1
    git("switch", "--quiet", "--create", "feature")
    git("commit", "--quiet", "--allow-empty", "--message", "Nothing either")
    assert main(["--base", "main"]) == 0  # no worse than main is by now


def test_another_acceptance_than_the_base_branch_has_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    git("switch", "--quiet", "--create", "feature")
    require({**ACCURACY, "min": 0.1})
    commit("Loosen")
    assert main(["--base", "main"]) == 0
    assert "the acceptance itself differs" in capsys.readouterr().out
    require({**ACCURACY, "min": 0.5})
    assert main(["--base", "main"]) == 0
    assert "differs" not in capsys.readouterr().out


def test_a_base_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--base", "origin/nowhere"]) == 1
    assert "--base is 'origin/nowhere', which is not a commit" in capsys.readouterr().err


def test_a_model_without_results_fails_and_the_others_are_judged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = json.loads(json.dumps(TINY).replace("/tiny", "/another"))
    Path("models/another").mkdir()
    Path("models/another/config.yaml").write_text(json.dumps(other))
    assert main([]) == 1
    captured = capsys.readouterr()
    assert "training_metrics/another/metrics.json does not exist" in captured.err
    assert "test.accuracy: 0.9" in captured.out


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        (ACCURACY, "limits nothing; add min, max or allowed_regression"),
        ({**ACCURACY, "min": 0.9, "max": 0.8}, "min 0.9 is above max 0.8"),
        ({**ACCURACY, "min": math.nan}, "acceptance[0].min is nan"),
        ({**ACCURACY, "allowed_regression": -1}, "acceptance[0].allowed_regression is -1"),
        ({"metric": "test.accuracy", "min": 0.5}, "acceptance[0].direction is missing"),
        ({**ACCURACY, "minimum": 0.5}, "minimum is not a known key"),
    ],
)
def test_a_requirement_that_means_nothing_is_refused(
    requirement: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    require(requirement)
    assert main([]) == 1
    assert message in capsys.readouterr().err


PARITY = {"metric": "tflite.max_difference", "direction": "min", "max": 1e-4}
FAST = {"metric": "latency_ms.onnx_batch_32", "direction": "min", "max": 1.0}


def test_a_form_that_is_not_exported_is_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    params = TINY["params"] | {"export": []}
    write_model({**TINY, "params": params, "acceptance": [PARITY, FAST]})
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "  --  tflite.max_difference: not judged: params.export has no tflite\n" in said
    assert "  --  latency_ms.onnx_batch_32: not judged: params.export has no onnx\n" in said


def test_a_form_that_could_not_be_run_is_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    require(PARITY, {"metric": "size_bytes.tflite", "direction": "min", "max": 10})
    write_metrics(GOOD | {"tflite": {"not_run": NOT_RUN}, "size_bytes": {"tflite": 11}})
    assert main([]) == 1
    captured = capsys.readouterr()
    assert f"  --  tflite.max_difference: {NOT_RUN}\n" in captured.out
    assert "size_bytes.tflite is 11, above the maximum 10" in captured.err


def test_a_form_that_is_exported_and_was_not_measured_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    require(PARITY)
    assert main([]) == 1
    assert "tflite.max_difference is missing" in capsys.readouterr().err


@pytest.fixture(name="summary")
def _summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "summary.md"
    path.write_text("Before.\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def test_as_a_check_it_adds_its_table_to_the_job_s_summary(summary: Path) -> None:
    assert main([]) == 0
    assert summary.read_text() == "Before.\n"
    assert main(["--summary"]) == 0
    said = summary.read_text()
    assert said.startswith("Before.\n## `tiny`\n\n✅ **Accepted**")
    assert "| test.accuracy | 0.9 | at least 0.5 |" in said


def test_what_speaks_against_results_is_in_the_summary_once(summary: Path) -> None:
    require({**ACCURACY, "min": 0.95})
    Path("models/another").mkdir()
    Path("models/another/config.yaml").write_text(json.dumps(TINY).replace("/tiny", "/another"))
    assert main(["--summary"]) == 1
    said = summary.read_text()
    assert "❌ **Not accepted**" in said
    assert said.count("below the minimum 0.95") == 1
    assert said.count("metrics.json does not exist") == 1


@pytest.mark.parametrize("requirements", [[], [PARITY]])
def test_a_check_that_judges_nothing_fails(
    requirements: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    write_model({**TINY, "params": TINY["params"] | {"export": []}, "acceptance": requirements})
    assert main([]) == 0
    assert main(["--summary"]) == 1
    assert "Nothing was judged, so nothing can be accepted" in capsys.readouterr().err


def test_metrics_of_other_weights_are_not_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    weights = MODEL / "model.keras"
    write_keras(weights, "measured")
    write_metrics(GOOD | {"weights": weights_id(weights)})
    assert main([]) == 0
    write_keras(weights, "trained again")
    assert main([]) == 1
    said, error = capsys.readouterr()
    stale = f"{METRICS}/metrics.json is of other weights than {weights}; `dvc repro` measures these"
    assert f"  no  {stale}\n" in said
    assert error.endswith(f": acceptance: {stale}.\n")
    weights.unlink()  # as in a clone
    assert main([]) == 0
