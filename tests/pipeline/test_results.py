"""Every file of results tells the same story, to DVC and to Git as well."""

import csv
import json
from collections import Counter
from typing import Any

import pytest
from support import expected_files

from pipeline.stages import MODEL, Project

RESULTS = f"training_metrics/{MODEL}"
WRITTEN = {
    "dvc.lock",
    "training_metrics.json",
    "uv.lock",
    f"models/{MODEL}/dvc.lock",
    f"{RESULTS}/history.csv",
    f"{RESULTS}/label_errors.json",
    f"{RESULTS}/metrics.json",
    f"{RESULTS}/predictions.csv",
    f"{RESULTS}/trial_values.csv",
    f"{RESULTS}/trials.csv",
}


def test_recall_and_precision_follow_from_the_predictions(finished: Project) -> None:
    with (finished.path / f"{RESULTS}/predictions.csv").open(newline="") as file:
        pairs = Counter((row["actual"], row["predicted"]) for row in csv.DictReader(file))
    per_class = finished.metrics()["test"]["per_class"]
    assert list(per_class) == [str(digit) for digit in range(10)]
    for label, scores in per_class.items():
        actual = sum(count for (truth, _), count in pairs.items() if truth == label)
        predicted = sum(count for (_, guess), count in pairs.items() if guess == label)
        assert scores["recall"] == pytest.approx(pairs[label, label] / actual)
        assert scores["precision"] == pytest.approx(pairs[label, label] / predicted)


def test_the_judged_model_is_the_best_epoch_of_the_curves(finished: Project) -> None:
    history, metrics = finished.history(), finished.metrics()
    best = min(history, key=lambda row: row["val_loss"])
    assert metrics["validation"]["loss"] == pytest.approx(best["val_loss"], abs=1e-5)
    assert metrics["validation"]["accuracy"] == pytest.approx(best["val_accuracy"], abs=1e-6)
    assert history[-1]["epoch"] == len(history) == best["epoch"] + 8  # the patience


def test_dvc_plots_the_difference_to_the_last_commit(finished: Project) -> None:
    short = (finished.path / f"{RESULTS}/history.csv").read_text().splitlines()[:4]
    (finished.path / f"{RESULTS}/history.csv").write_text("\n".join(short) + "\n")
    plots = json.loads(finished.run("dvc", "plots", "diff", "--json"))["data"]
    assert {"Loss", "Accuracy", f"{RESULTS}/predictions.csv"} <= plots.keys()
    epochs = len(finished.history())
    points = Counter(point["rev"] for point in values(plots["Loss"]))
    assert points["workspace"] == 2 * epochs == 6
    assert points["HEAD"] > 2 * epochs


def values(plot: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the points of a plot."""
    content = plot[0]["content"]
    found: list[dict[str, str]] = (json.loads(content) if isinstance(content, str) else content)[
        "data"
    ]["values"]
    return found


def test_a_run_adds_nothing_to_git_but_its_results(finished: Project) -> None:
    baked = expected_files("image_classification", MODEL)
    tracked = set(finished.run("git", "ls-files").split())
    assert tracked - baked == WRITTEN
    assert baked <= tracked
