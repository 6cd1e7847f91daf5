"""The report of a training: what it says, and that GitHub can show it whatever the data."""

import csv
import re
import signal
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modelyard.files import write_csv, write_json, write_yaml
from modelyard.pipeline.provenance import git_commit
from modelyard.report import machine, pictures, prices
from modelyard.report.command import LONGEST, main
from modelyard.report.links import absolute
from modelyard.report.tables import cell, difference, table
from src.run import main as main_of_stages

from .tiny import METRICS, MODEL, PROJECT, TINY, write_model, write_project

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
        {
            "path": "x.png",
            "actual": name,
            "predicted": names[number % len(names)],
            "probability": 0.9,
        }
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
    assert re.findall(r"^### (\w+)|^!\[(\w+)", text, re.MULTILINE) == [
        ("Metrics", ""), ("Configuration", ""), ("Classes", ""), ("", "Learning"),
        ("", "Confusion"), ("", "Calibration"), ("Made", ""),
    ]  # fmt: skip


def test_how_far_train_and_test_lie_apart_is_shown() -> None:
    test = {"box": {"map": 0.5}, "per_class": {"a": {"box_ap": 0.5}}}
    metrics = {"train": {"box": {"map": 0.75}}, "validation": {"box": {"map": 0.6}}, "test": test}
    write_json(METRICS / "metrics.json", metrics)
    text = report()
    assert "### Train against test" in text
    assert "| metric | train | test | train minus test |" in text
    assert "| box.map | 0.75 | 0.5 | +0.25 |" in text


def test_a_model_that_is_not_accepted_says_why_and_is_no_mistake_of_the_report() -> None:
    write_results(0.4, {"cat": (1, 0.1)})
    text = report()
    assert "❌ **Not accepted**" in text
    assert "- test.accuracy is 0.4, below the minimum 0.5" in text
    assert "- test.accuracy is 0.4, 0.5 worse than the baseline 0.9" in text


def test_without_a_baseline_that_is_said() -> None:
    text = report()  # main's results are these, and there were none before
    assert "✅ **Accepted**; no baseline: these results are the first." in text
    assert "There is nothing to compare with" in text
    assert "| metric | value |" in text
    assert "| test.accuracy | 0.9 |" in text


def test_a_model_of_which_nothing_is_required_is_not_called_accepted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_model(TINY)
    write_results(0.95, {"cat": (1, 1.0)})
    text = report()
    assert "**Nothing is required** (`acceptance` in `models/tiny/config.yaml`), compared" in text
    assert "Accepted" not in text
    assert capsys.readouterr().out == f"{REPORT}: nothing is required\n"


def test_a_violation_is_told_to_its_end() -> None:
    requirement = {**ACCURACY, "metric": "validation.accuracy"}
    write_model({**TINY, "acceptance": [requirement]})
    write_json(METRICS / "metrics.json", {"validation": {"accuracy": 0.9123456}})
    git("commit", "--quiet", "--all", "--message", "Before")
    write_json(METRICS / "metrics.json", {"validation": {"accuracy": 0.8123456}})
    end = "0.1 worse than the baseline 0.912346; at most 0.01 is allowed\n"
    assert f"- validation.accuracy is 0.812346, {end}" in report()


def test_what_was_configured_otherwise_is_listed() -> None:
    params = {**TINY["params"], "epochs": 9}
    write_model({**TINY, "params": params, "acceptance": [{**ACCURACY, "min": 0.1}]})
    write_yaml(MODEL / "hyperparameters.yaml", {"learning_rate": 0.02})
    write_results(0.9, {"cat": (27, 0.9)})
    text = report()
    assert f"| params.epochs | 9 | {TINY['params']['epochs']} |" in text
    assert "| hyperparameters.learning_rate | 0.02 | 0.01 |" in text
    assert "params.seed" not in text
    assert "data." not in text
    assert "`acceptance` in `models/tiny/config.yaml` is not the baseline's" in text


def test_data_prepared_otherwise_is_listed() -> None:
    write_yaml(Path("config.yaml"), {**PROJECT, "data": {**PROJECT["data"], "image_size": [9, 8]}})
    write_results(0.95, {"cat": (1, 1.0)})
    side = PROJECT["data"]["image_size"][0]
    assert f"| data.image_size | &#91;9, 8&#93; | &#91;{side}, {side}&#93; |" in report()


def test_pictures_are_drawn_and_not_blank() -> None:
    rows = [{"trial": n, "status": "completed", "score": 1 / (n + 1), "epochs": 2, "seconds": 1.5,
             "filters": 4, "reason": ""} for n in range(3)]  # fmt: skip
    rows.append({**rows[0], "trial": 3, "status": "failed", "score": "", "reason": EVIL})
    write_csv(METRICS / "trials.csv", rows)
    text = report()
    assert "The best of 4 trials (1 failed)" in text
    assert re.findall(r"^\| (\d \| \d \| \S+) \| 2 \| 1\.5 \| 4 \|$", text, re.MULTILINE) == [
        "1 | 2 | 0.333333", "2 | 1 | 0.5", "3 | 0 | 1"
    ]  # fmt: skip
    names = re.findall(r"!\[[^]]+\]\((\w+\.png)\)", text)
    assert names == ["curves.png", "confusion.png", "calibration.png", "trials.png"]
    for name in names:
        image = Image.open(REPORT.with_name(name))
        assert image.format == "PNG"
        assert min(image.size) > 60
        assert len(image.convert("RGB").getcolors(100_000) or []) > 10
        assert REPORT.with_name(name).stat().st_size < 40_000


def test_pruned_trials_are_counted_and_ranked_last_and_names_may_have_dots() -> None:
    tuning = {**TINY["tuning"], "hyperparams": {**TINY["tuning"]["hyperparams"],
              "head.dropout": {"default_value": 0.1}}}  # fmt: skip
    write_model({**TINY, "tuning": tuning})
    rows = [{"trial": n, "status": status, "score": n + 1, "epochs": 9 - n, "seconds": 1.5,
             "head.dropout": 0.5, "reason": ""}
            for n, status in enumerate(("pruned", "completed", "completed"))]  # fmt: skip
    write_csv(METRICS / "trials.csv", rows)
    text = report()
    assert "The best of 3 trials (0 failed, 1 pruned, ranked last)" in text
    assert "| rank | trial | val&#95;loss | epochs | seconds | head.dropout |" in text.replace(
        "val_loss", "val&#95;loss"
    )
    found = re.findall(r"^\| (\w+ \| \d \| \d) \| \d \| 1\.5 \| 0\.5 \|$", text, re.MULTILINE)
    assert found == ["1 | 1 | 2", "2 | 2 | 3", "pruned | 0 | 1"]


@pytest.mark.parametrize("score", ["", "nan"])
def test_a_search_without_a_score_says_where_the_reasons_are(score: str) -> None:
    row: dict[str, object] = {"trial": 0, "status": "failed", "score": score, "epochs": 0,
                              "seconds": 1, "filters": 4, "reason": EVIL}  # fmt: skip
    write_csv(METRICS / "trials.csv", [row])
    text = report()
    assert "The best of 1 trials (1 failed)" in text
    assert "None has a score; `training_metrics/tiny/trials.csv` says why." in text


def test_a_training_that_diverged_has_a_report() -> None:
    nothing = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), float("nan"))
    write_csv(METRICS / "history.csv", [HISTORY[0], {"epoch": 2, **nothing}])
    write_json(METRICS / "metrics.json", {"test": {"accuracy": float("nan")}})
    text = report()
    assert "- test.accuracy is nan, which cannot be compared" in text
    assert "![Learning curves](curves.png)" in text


def test_one_epoch_is_a_visible_point_even_beside_a_longer_baseline() -> None:
    def marks(history: list[dict[str, Any]]) -> list[bool]:
        rows = [{key: str(value) for key, value in row.items()} for row in history]
        before = [{key: str(value) for key, value in row.items()} for row in HISTORY]
        return [panel["mark"]["point"] for panel in pictures.curves(rows, before)["hconcat"]]

    assert marks(HISTORY[:1]) == [True, True]
    assert marks(HISTORY) == [False, False]


@pytest.mark.parametrize("count", [50, 51])
def test_of_more_than_fifty_classes_only_the_worst_are_shown(count: int) -> None:
    write_results(0.9, {f"c{number}": (1, 1 - number / 100) for number in range(count)})
    shown = re.findall(r"^\| (c\d+) \|(?: [\d.]+ \|){3} 1 \|", report(), re.MULTILINE)
    worst = [f"c{number}" for number in range(50, 25, -1)]
    assert shown == (worst if count > 50 else [f"c{number}" for number in range(50)])


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
    assert "975 more rows are in `training_metrics/tiny/metrics.json`" in text
    assert "9990 more rows are in `training_metrics/tiny/trials.csv`" in text
    assert "### Classes (the 25 worst F1 of 1000 classes, test split)" in text
    assert "### Most often confused" in text
    assert "<img" not in text
    assert "@someone" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} <= {4, 5, 6, 7}
    assert not re.search(r"&#(35|64);(?!&#8203;)", text)


def test_whatever_is_left_out_is_said() -> None:
    requirements = [{**ACCURACY, "metric": "@" * 70 + str(n)} for n in range(2000)]
    write_model({**TINY, "acceptance": requirements})
    text = report()
    assert len(text) < LONGEST
    assert "Left out, too long for a comment" in text


def test_of_many_violations_the_first_are_shown() -> None:
    requirements = [{**ACCURACY, "metric": f"x{n}"} for n in range(100)]
    write_model({**TINY, "acceptance": requirements})
    text = report()
    assert len(re.findall(r"^- x\d+ is missing", text, re.MULTILINE)) == 60
    assert "- and 40 more, which `modelyard acceptance` lists" in text
    assert "40 more rows are in `models/tiny/config.yaml`" in text


def suspect(split: str, path: str, label: str, margin: float) -> dict[str, Any]:
    chances = {"probability_of_label": 0.01, "probability": 0.01 + margin}
    return {"split": split, "path": path, "label": label, "likelier": EVIL, **chances}


def test_probable_label_errors_are_listed_the_surest_first_and_shown() -> None:
    image = "images/columns_0.png"
    assert main_of_stages(["prepare"]) == 0
    examples = [suspect("train", "gone.png", "cat", 0.5), suspect("test", image, EVIL, 0.9)]
    found = {"found": {"train": 1, "test": 1}, "examples": examples}
    write_json(METRICS / "label_errors.json", found)
    text = report()
    assert "### Probable label errors (1 in train, 1 in test)" in text
    rows = re.findall(r"^\| (train|test) \| (\S+) \|.* \| ([\d.]+) \| ([\d.]+) \|$", text, re.M)
    assert rows == [("test", image, "0.01", "0.91"), ("train", "gone.png", "0.01", "0.51")]
    assert "<img" not in text
    with Image.open(REPORT.with_name("label_errors.png")) as picture:
        assert picture.size == (128, 158)  # of the one that is there
    before = REPORT.with_name("label_errors.png").read_bytes()
    assert report() == text
    assert REPORT.with_name("label_errors.png").read_bytes() == before
    write_json(METRICS / "label_errors.json", {"found": {"train": 0}, "examples": []})
    assert "label errors" not in report()


def test_copies_across_splits_are_listed() -> None:
    file = Path(f"{PROJECT['data']['processed']}-duplicates.csv")
    row = {"path": "a.png", "split": "test", "classes": "cat", "is": "nearly equal", "to": EVIL,
           "its_split": "train", "its_classes": "dog"}  # fmt: skip
    write_csv(file, [row] * 21)
    text = report()
    assert "### Equal or nearly equal examples (21)" in text
    assert "| a.png | test | cat | nearly equal | a&#124;b" in text
    assert f"1 more row is in `{file}`." in text


def test_a_report_replaces_the_last_one_whole() -> None:
    report()
    REPORT.with_name("old.png").write_bytes(b"old")
    report()
    assert not REPORT.with_name("old.png").exists()


def test_a_report_that_fails_leaves_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    before = report()
    monkeypatch.setattr("modelyard.report.pictures.png", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main([])
    assert REPORT.read_text() == before
    assert REPORT.with_name("curves.png").exists()


def test_a_report_that_is_killed_leaves_the_last_one(python: Any) -> None:
    before = report()
    module = "import os, src.run, modelyard.report.command as m"  # it reads the project's code
    kill = f"{module}; m.pictures.png = lambda _: os.kill(os.getpid(), 9)"
    assert python("-c", f"{kill}; m.main([])").returncode == -signal.SIGKILL
    assert REPORT.read_text() == before
    assert REPORT.with_name("curves.png").exists()
    report()
    assert [path.name for path in Path("reports").iterdir()] == ["tiny"]


def test_an_untrained_model_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    (METRICS / "metrics.json").unlink()
    assert main([]) == 1
    assert "metrics.json does not exist; `dvc repro` makes it" in capsys.readouterr().err
    assert not REPORT.exists()


def test_missing_curves_and_predictions_are_said() -> None:
    (METRICS / "predictions.csv").unlink()
    (METRICS / "history.csv").unlink()
    text = report()
    assert "No confusion matrix: training_metrics/tiny/predictions.csv is not there" in text
    assert "No learning curves: training_metrics/tiny/history.csv is not there" in text
    assert "| cat | 0.9 | 0.9 | 0.9 |  |" in text
    assert "| images |" not in text


def test_what_no_commit_holds_is_named_and_results_are_not() -> None:
    write_results(0.95, {"cat": (1, 1.0)})
    head = git_commit()
    text = report()
    assert f"- Commit: {head}\n" in text
    assert f"Again, from a clone:\n\n```sh\ngit checkout {head}\n" in text
    Path("src").mkdir()
    Path("src/new.py").touch()
    write_yaml(MODEL / "hyperparameters.yaml", {"learning_rate": 0.5})
    write_model({**TINY, "acceptance": []})
    text = report()
    changed = "models/tiny/config.yaml, src/new.py"
    assert f"- Commit: {head}, and changes that no commit holds: {changed}\n" in text
    assert "once the changes above are committed:\n\n```sh\ngit checkout COMMIT\n" in text


def test_provenance_is_what_the_training_recorded() -> None:
    recorded = {"git_commit": "c" * 40, "data_hash": "d" * 64, "versions": {"keras": "3.1"}}
    write_yaml(MODEL / "train_configuration.yaml", recorded)
    (MODEL / "dvc.lock").write_text("")
    text = report()
    assert f"- Trained at commit: {'c' * 40}\n- Data: {'d' * 12}\n- dvc.lock: missing\n" in text
    assert "- models/tiny/dvc.lock: e3b0c44298fc\n- Versions: keras 3.1\n" in text


def stub_driver(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    folder.mkdir()
    (folder / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_gpus_are_named_as_the_driver_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_driver(tmp_path / "driver", monkeypatch, "printf 'NVIDIA L4\nNVIDIA L4\n'")
    assert machine.gpu() == "NVIDIA L4, NVIDIA L4"


def test_a_broken_driver_costs_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub_driver(tmp_path / "driver", monkeypatch, "exec sleep 60")
    monkeypatch.setattr(machine, "PATIENCE", 0.1)
    assert machine.gpu() == "no GPU that answers"


L4 = {"ON_VM": "true", "VM_MACHINE_TYPE": "g2-standard-4", "VM_GPU": "nvidia-l4"}
COSTS: dict[str, tuple[dict[str, str], float | None, str]] = {
    "own machine": ({}, 600, "none of a cloud; not run on a VM"),
    "on demand": ({**L4, "VM_SPOT": "false"}, 1800, "about $0.35 (g2-standard-4 nvidia-l4 at"),
    "spot": ({**L4, "VM_SPOT": "true"}, 3600, "at most $0.71 (g2-standard-4 nvidia-l4 at $0.71"),
    "unknown": ({**L4, "VM_GPU": "x1"}, 60, "no price known for g2-standard-4 x1; set VM_PRICE"),
    "one's own price": (
        {**L4, "VM_GPU": "x1", "VM_PRICE": "2.5"},
        1800,
        "about $1.25 (g2-standard-4",
    ),
    "another price": ({**L4, "VM_PRICE": "0.5"}, 3600, "about $0.50 (g2-standard-4 nvidia-l4"),
    "no price": ({**L4, "VM_PRICE": "much"}, 60, "no price known: VM_PRICE is 'much'; write USD"),
    "not a price": ({**L4, "VM_PRICE": "nan"}, 60, "no price known: VM_PRICE is 'nan'; write USD"),
    "below 0": ({**L4, "VM_PRICE": "-1"}, 60, "no price known: VM_PRICE is '-1'; write USD"),
    "not measured": (L4, None, "$0.71 an hour of g2-standard-4 nvidia-l4 on demand"),
}


@pytest.mark.parametrize("case", COSTS)
def test_the_cost_is_the_price_for_the_time(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables, seconds, expected = COSTS[case]
    for name in ("VM_PRICE", "VM_SPOT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert prices.cost(seconds).startswith(expected)


AGES = {
    date(2026, 11, 30): "prices of 2026-11",
    date(2026, 12, 1): "prices of 2026-11, 1 month old",
    date(2027, 11, 30): "prices of 2026-11, 12 months old",
    date(2027, 12, 1): "prices of 2026-11, over a year old, so a guess: VM_PRICE says it better",
    date(2026, 10, 1): "prices of 2026-11",  # by a clock that is wrong
}


@pytest.mark.parametrize("today", AGES, ids=str)
def test_prices_say_how_old_they_are(today: date) -> None:
    assert prices.age("2026-11", today) == AGES[today]


def test_the_cost_names_the_age_of_its_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VM_PRICE", raising=False)
    for name, value in L4.items():
        monkeypatch.setenv(name, value)
    assert re.search(r"\$0\.71 an hour on demand, prices of \d{4}-\d\d[),]", prices.cost(60))
    monkeypatch.setenv("VM_PRICE", "0.5")
    assert "at $0.50 an hour on demand, by VM_PRICE)" in prices.cost(60)


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
    assert cell("@me #1") == "&#64;&#8203;me &#35;&#8203;1"
    assert cell("hidden_units") == "hidden_units"
    assert cell("_a_ __b $x$") == "&#95;a&#95; &#95;&#95;b &#36;x&#36;"
    assert cell("x" * 81) == "x" * 79 + "…"
    assert difference(2, 3) == "-1"
    assert difference(2, 2) == "0"
    assert difference(2, None) == difference("x", 2) == ""
    assert table(("x",), [(1,), (2,)], 1, "f").splitlines()[-1] == "1 more row is in `f`."
    assert table(("x",), [(1,), (2,)], 2, "f").splitlines()[-1] == "| 2 |"


def test_a_report_needs_no_tensorflow(python: Any) -> None:
    done = python("-c", "import sys, modelyard.report.command; print('tensorflow' in sys.modules)")
    assert done.stdout == "False\n", done.stderr
