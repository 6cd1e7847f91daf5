"""The report of a training: what it says, and that GitHub can show it whatever the data."""

import csv
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ci.report import machine
from ci.report.__main__ import LONGEST, main
from ci.report.links import absolute
from ci.report.tables import cell, difference, table
from src.utils.utils import write_csv, write_json, write_yaml

from .tiny import METRICS, MODEL, TINY, write_model, write_project

REPORT = Path("reports/tiny/report.md")
EVIL = "a|b`<img src=x>@someone #1 [x](y)\n* \\"
ACCURACY = {"metric": "test.accuracy", "direction": "max", "min": 0.5, "allowed_regression": 0.01}
HISTORY = [{"epoch": n, "loss": 1 / n, "accuracy": 0.5, "val_loss": 2 / n, "val_accuracy": 0.4}
           for n in (1, 2, 3)]  # fmt: skip


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture(autouse=True)
def _trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a project whose main branch holds results; it is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ON_VM", raising=False)
    write_project(tmp_path)
    write_model({**TINY, "acceptance": [ACCURACY]})
    write_yaml(MODEL / "hyperparameters.yaml", {"learning_rate": 0.01})
    write_results(0.9, {"cat": (27, 0.9), "dog": (3, 0.5)})
    git("init", "--quiet", "--initial-branch", "main")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Results")


def write_results(accuracy: float, classes: dict[str, tuple[int, float]]) -> None:
    """Write metrics and predictions; of each class so many images, and its F1."""
    scores = {name: dict.fromkeys(("precision", "recall", "f1"), f1)
              for name, (_, f1) in classes.items()}  # fmt: skip
    metrics: dict[str, Any] = {"test": {"accuracy": accuracy, "per_class": scores}}
    write_json(METRICS / "metrics.json", metrics)
    names = list(classes)
    rows: list[dict[str, object]] = [
        {"path": "x.png", "actual": name, "predicted": names[number % len(names)]}
        for name, (count, _) in classes.items()
        for number in range(count)
    ]
    write_csv(METRICS / "predictions.csv", rows)
    write_csv(METRICS / "history.csv", HISTORY)


def report(*arguments: str) -> str:
    assert main(["--base", "main", *arguments]) == 0
    return REPORT.read_text()


def test_an_accepted_model_is_shown_with_its_changes() -> None:
    write_results(0.95, {"cat": (27, 0.8), "dog": (3, 0.75)})
    text = report()
    assert "✅ **Accepted**, compared with main (" in text
    assert "| test.accuracy | 0.95 | 0.9 | +0.05 |" in text
    assert "| ✅ | test.accuracy | 0.95 | at least 0.5, at most 0.01 worse | 0.9 |" in text
    assert "| cat | 0.8 | 0.8 | 0.8 | 27 | -0.1 |" in text
    assert "| dog | 0.75 | 0.75 | 0.75 | 3 | +0.25 |" in text
    assert "per_class" not in text


def test_a_model_that_is_not_accepted_says_why_and_is_no_mistake_of_the_report() -> None:
    write_results(0.4, {"cat": (1, 0.1)})
    text = report()
    assert "❌ **Not accepted**" in text
    assert "- test.accuracy is 0.4, below the minimum 0.5" in text
    assert "- test.accuracy is 0.4, 0.5 worse than the baseline 0.9" in text


def test_without_a_baseline_that_is_said() -> None:
    text = report()  # main's results are these, and there were none before
    assert "no baseline: these results are the first" in text
    assert "There is nothing to compare with" in text


def test_what_was_configured_otherwise_is_listed() -> None:
    params = {**TINY["params"], "epochs": 9}
    write_model({**TINY, "params": params, "acceptance": [{**ACCURACY, "min": 0.1}]})
    write_yaml(MODEL / "hyperparameters.yaml", {"learning_rate": 0.02})
    write_results(0.9, {"cat": (27, 0.9)})
    text = report()
    assert "| params.epochs | 9 | 15 |" in text
    assert "| hyperparameters.learning_rate | 0.02 | 0.01 |" in text
    assert "params.seed" not in text
    assert "`acceptance` in `models/tiny/config.yaml` is not the baseline's" in text


def test_pictures_are_drawn_and_not_blank() -> None:
    rows = [{"trial": n, "status": "completed", "score": 1 / (n + 1), "epochs": 2, "seconds": 1.5,
             "filters": 4, "reason": ""} for n in range(3)]  # fmt: skip
    rows.append({**rows[0], "trial": 3, "status": "failed", "score": "", "reason": EVIL})
    write_csv(METRICS / "trials.csv", rows)
    text = report()
    assert "The best of 4 trials (1 failed)" in text
    assert re.findall(r"^\| (\d) \| [01]\.", text, re.MULTILINE) == ["2", "1", "0"]
    names = re.findall(r"!\[[^]]+\]\((\w+\.png)\)", text)
    assert names == ["curves.png", "confusion.png", "trials.png"]
    for name in names:
        image = Image.open(REPORT.with_name(name))
        assert image.format == "PNG"
        assert min(image.size) > 60
        assert len(image.convert("RGB").getcolors(100_000) or []) > 10
        assert REPORT.with_name(name).stat().st_size < 40_000


@pytest.mark.parametrize("name", ["plain", EVIL])
def test_a_thousand_classes_and_ten_thousand_trials_fit_into_a_comment(name: str) -> None:
    classes = {f"{name}{number}" * 9: (2, number / 1000) for number in range(1000)}
    write_results(0.9, classes)
    header = ["trial", "status", "score", "epochs", "seconds", "filters", "reason"]
    with (METRICS / "trials.csv").open("w", newline="") as file:
        rows = [[n, "completed", 0.5, 1, 1, "9" * 500, ""] for n in range(10_000)]
        csv.writer(file).writerows([header, *rows])
    text = report()
    assert len(text) < LONGEST
    assert "975 more rows are in `training_metrics/`" in text
    assert "the worst first" in text
    assert "### Most often confused" in text
    assert "<img" not in text
    assert "@someone" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} <= {4, 5, 6, 7}


def test_whatever_is_left_out_is_said() -> None:
    requirements = [{**ACCURACY, "metric": "x" * 70 + str(n)} for n in range(2000)]
    write_model({**TINY, "acceptance": requirements})
    text = report()
    assert len(text) < LONGEST
    assert "Left out, too long for a comment" in text


def test_a_report_replaces_the_last_one_whole() -> None:
    report()
    REPORT.with_name("old.png").write_bytes(b"old")
    report()
    assert not REPORT.with_name("old.png").exists()


def test_a_report_that_fails_leaves_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    before = report()
    monkeypatch.setattr("ci.report.pictures.png", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main([])
    assert REPORT.read_text() == before
    assert REPORT.with_name("curves.png").exists()


def test_an_untrained_model_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    (METRICS / "metrics.json").unlink()
    assert main([]) == 1
    assert "metrics.json does not exist; `dvc repro` makes it" in capsys.readouterr().err
    assert not REPORT.exists()


def test_missing_predictions_are_said() -> None:
    (METRICS / "predictions.csv").unlink()
    assert "No confusion matrix: training_metrics/tiny/predictions.csv is not there" in report()


L4 = {"ON_VM": "true", "VM_MACHINE_TYPE": "g2-standard-4", "VM_GPU": "nvidia-l4"}
COSTS: dict[str, tuple[dict[str, str], float | None, str]] = {
    "own machine": ({}, 600, "none of a cloud; not run on a VM"),
    "on demand": ({**L4, "VM_SPOT": "false"}, 1800, "about $0.35 (g2-standard-4 nvidia-l4 at"),
    "spot": ({**L4, "VM_SPOT": "true"}, 3600, "at most $0.71 (g2-standard-4 nvidia-l4 at $0.71"),
    "unknown": ({**L4, "VM_GPU": "x1"}, 60, "no price known for g2-standard-4 x1; add it to"),
    "not measured": (L4, None, "$0.71 an hour of g2-standard-4 nvidia-l4 on demand"),
}


@pytest.mark.parametrize("case", COSTS)
def test_the_cost_is_the_price_for_the_time(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables, seconds, expected = COSTS[case]
    monkeypatch.delenv("VM_SPOT", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert machine.cost(seconds).startswith(expected)


def test_the_wall_time_is_shown() -> None:
    assert "Wall time: 1:02:03" in report("--seconds", "3723")
    assert "Wall time: not measured" in report()


def test_only_relative_pictures_become_absolute() -> None:
    text = "![a](x.png) [b](x.png) ![c](https://example.com/y.png)"
    assert absolute(text, "https://h/p") == (
        "![a](https://h/p/x.png) [b](x.png) ![c](https://example.com/y.png)"
    )


def test_cells_and_differences() -> None:
    assert cell("a|b\nc") == "a&#124;b c"
    assert cell(0.1 + 0.2) == "0.3"
    assert difference(2, 3) == "-1"
    assert difference(2, 2) == "0"
    assert difference(2, None) == difference("x", 2) == ""
    assert table(("x",), [(1,), (2,)], most=1).splitlines()[-1].startswith("1 more rows")


def test_a_report_needs_no_tensorflow(python: Any) -> None:
    done = python("-c", "import sys, ci.report.__main__; print('tensorflow' in sys.modules)")
    assert done.stdout == "False\n", done.stderr
