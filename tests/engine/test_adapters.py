"""Models of any framework go through all stages: steps in order, a file saved and judged."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from modelyard.files import read_json, read_yaml
from modelyard.zoo.command import main as zoo
from src.run import main

from .conftest import Run
from .tiny import METRICS, MODEL
from .toys import ADAPTER, ZAZU


@pytest.fixture(autouse=True)
def _here(workspace: Path) -> None:
    """Work in the tiny project."""
    assert Path.cwd() == workspace


def steps() -> list[str]:
    path = Path("steps.log")
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def test_the_steps_of_zazuml_s_template_run_in_the_stated_order_in_every_stage() -> None:
    ADAPTER.write_text(ZAZU)
    before = ["init", "reformat", "data_loader", "preprocess"]
    assert main(["train"]) == 0
    assert steps() == [*before, "build", "train", "get_metrics validation"]
    assert main(["evaluate"]) == 0
    assert steps() == [*before, "get_metrics test"]
    assert read_json(METRICS / "metrics.json") == {"test": {"val_loss": 0.005}}
    search = ["tuning.tune=true", "tuning.max_trials=1"]
    search += [
        "tuning.hyperparams.learning_rate.tuning={tune: true, param_type: choice, values: [0.01]}"
    ]
    assert main(["tune", *search]) == 0
    checked, trial = steps()[:5], [*before, "build", "train", "get_metrics validation"]
    assert checked == [*before, "build"]
    assert read_yaml(MODEL / "hyperparameters.yaml")["learning_rate"] == 0.01
    assert main(["tune", *search, "tuning.seed=7"]) == 0
    assert steps() == [*checked, *trial]


def test_a_training_says_all_that_is_needed_to_repeat_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ADAPTER.write_text(ZAZU)
    assert main(["train"]) == 0
    assert capsys.readouterr().out == "val_loss 0.0050\n"
    record = read_yaml(MODEL / "train_configuration.yaml")
    assert record["model"] == "tiny"
    assert record["hyperparameters"]["learning_rate"] == 0.01
    assert (MODEL / "model.pkl").is_file()


def test_a_neighbours_model_of_the_zoo_goes_through_all_stages_without_tensorflow(
    python: Run,
) -> None:
    assert zoo(["add", "neighbours", "--name", "second"]) == 0
    config = ["--config", "models/second/config.yaml"]
    assert main(["tune", *config, "tuning.tune=true", "tuning.max_trials=3"]) == 0
    chosen = read_yaml(Path("models/second/hyperparameters.yaml"))
    assert chosen["neighbours"] in range(1, 16, 2)
    for stage in ("train", "evaluate"):
        code = (
            f"import sys; from src.run import main; assert main({[stage, *config]!r}) == 0; "
            "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
        )
        done = python("-c", code)
        assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert read_json(Path("training_metrics/second/metrics.json")) == {"test": {"accuracy": 1.0}}
    saved = pickle.loads(Path("models/second/model.pkl").read_bytes())  # noqa: S301  (ours)
    assert saved.n_neighbors == chosen["neighbours"]


def test_evaluate_judges_the_saved_file_on_the_test_split() -> None:
    assert zoo(["add", "neighbours", "--name", "second"]) == 0
    config = ["--config", "models/second/config.yaml"]
    assert main(["train", *config]) == 0
    path = Path("models/second/model.pkl")
    model = pickle.loads(path.read_bytes())  # noqa: S301  (ours)
    model.fit(model._fit_X, np.zeros(len(model._fit_X), np.int32))  # it knows one class only
    path.write_bytes(pickle.dumps(model))
    assert main(["evaluate", *config]) == 0
    labels = np.load("data/processed/stripes/test_labels.npy")
    found = read_json(Path("training_metrics/second/metrics.json"))
    assert found == {"test": {"accuracy": pytest.approx((labels == 0).mean())}}
