"""The README's command on a fresh bake."""

import csv
import json
import os
import zipfile
from pathlib import Path

from support import bake, run

from pipeline.stages import MODEL, Project

OUTPUTS = (
    "model.keras",
    "exports/model.tflite",
    "output_mapping.json",
    "train_configuration.yaml",
    "predict_configuration.yaml",
    "hparams.yaml",
    "hyperparameters.yaml",
)


def test_a_fresh_bake_trains_a_good_model_with_one_command(first_run: tuple[Path, str]) -> None:
    path, log = first_run
    assert all((path / "models" / MODEL / name).stat().st_size for name in OUTPUTS)
    metrics = json.loads((path / f"training_metrics/{MODEL}/metrics.json").read_text())
    assert metrics["test"]["accuracy"] >= 0.97
    assert metrics["tflite"]["max_difference"] < 1e-5
    assert f"{metrics['test']['accuracy']:.4f}" in log
    assert f"training_metrics/{MODEL}" in log.split("Next")[1]
    assert log.count("There is no commit yet, so the model will name none as its origin") == 1


def test_the_results_agree_with_each_other(first_run: tuple[Path, str]) -> None:
    path = first_run[0]
    metrics = json.loads((path / f"training_metrics/{MODEL}/metrics.json").read_text())
    summary = json.loads((path / "training_metrics.json").read_text())
    with (path / f"training_metrics/{MODEL}/predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    right = sum(row["actual"] == row["predicted"] for row in rows)
    assert abs(right / len(rows) - metrics["test"]["accuracy"]) < 1e-6
    assert summary[MODEL]["test_accuracy"] == metrics["test"]["accuracy"]
    assert summary[MODEL]["rank"] == 1


def test_what_git_keeps_is_small_and_nothing_is_left_over(first_run: tuple[Path, str]) -> None:
    path = first_run[0]
    tracked = run(path, "git", "ls-files").split()
    results = {
        "dvc.lock",
        "uv.lock",
        "training_metrics.json",
        f"models/{MODEL}/dvc.lock",
        f"models/{MODEL}/hyperparameters.yaml",
        f"training_metrics/{MODEL}/history.csv",
        f"training_metrics/{MODEL}/label_errors.json",
        f"training_metrics/{MODEL}/metrics.json",
        f"training_metrics/{MODEL}/predictions.csv",
    }
    assert results <= set(tracked)
    large = {"uv.lock", *(name for name in tracked if name.startswith("vendor/"))}
    assert not [name for name in tracked if name.endswith((".keras", ".tflite", ".npy", ".png"))]
    assert max((path / name).stat().st_size for name in tracked if name not in large) < 50_000
    assert run(path, "git", "--no-optional-locks", "status", "--porcelain") == ""


def test_the_baked_hyperparameters_are_what_tune_writes(
    first_run: tuple[Path, str], tmp_path: Path
) -> None:
    file = f"models/{MODEL}/hyperparameters.yaml"
    assert (bake(tmp_path) / file).read_text() == (first_run[0] / file).read_text()


def test_the_doctor_finds_nothing_wrong_but_that_nothing_is_pushed(
    first_run: tuple[Path, str],
) -> None:
    lines = run(first_run[0], "make", "--no-print-directory", "doctor").splitlines()
    states = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert set(states) <= {"ok", "-", "warning"}
    assert lines[-1] == "1 warning."
    (pushed,) = (number for number, line in enumerate(lines) if "nothing has been pushed" in line)
    assert lines[pushed + 1].split() == ["mend:", "dvc", "push"]
    assert (
        "  ok       packages       as requirements.txt, pyproject.toml and uv.lock have them"
        in lines
    )


def test_a_wheel_holds_src_under_the_projects_own_name(
    first_run: tuple[Path, str], finished: Project, tmp_path: Path
) -> None:
    # Where there was no uv, run.sh has fetched one.
    path = f"{os.environ['PATH']}{os.pathsep}{first_run[0] / '.uv/bin'}"
    out = tmp_path / "dist"
    run(finished.path, "uv", "build", "--quiet", "--wheel", "--out-dir", str(out), PATH=path)
    with zipfile.ZipFile(next(out.glob("*.whl"))) as wheel:
        packages = {Path(name).parent.as_posix() for name in wheel.namelist()}
    rooms = {"digit_classifier" + room for room in ("", "/data", "/models", "/utils")}
    assert rooms <= packages
    assert not any(name.startswith("src") for name in packages)


def test_dvc_shows_metrics_and_plots_and_their_differences(finished: Project) -> None:
    file = f"training_metrics/{MODEL}/metrics.json"
    shown = json.loads(finished.run("dvc", "metrics", "show", "--json"))
    assert shown[""]["data"][file]["data"]["test"]["accuracy"] >= 0.97
    plots = json.loads(finished.run("dvc", "plots", "show", "--json"))
    names = {name.rpartition("::")[2] for name in plots["data"]}
    assert {"Loss", "Accuracy", f"training_metrics/{MODEL}/predictions.csv"} <= names
    metrics = json.loads((finished.path / file).read_text())
    metrics["test"]["accuracy"] = 0.5
    (finished.path / file).write_text(json.dumps(metrics))
    changed = json.loads(finished.run("dvc", "metrics", "diff", "--json"))
    assert changed[file]["test.accuracy"]["new"] == 0.5
    assert "errors" not in json.loads(finished.run("dvc", "plots", "diff", "--json"))


def test_the_projects_own_lint_and_tests_pass(finished: Project) -> None:
    assert "All checks passed" in finished.run("make", "lint")
    assert " passed" in finished.run("make", "test")
