"""What an adapter must bring and return, and what happens if it does not."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.adapter import checked_metrics
from modelyard.config.loading import load_config
from modelyard.files import read_json
from src.run import main

from .tiny import METRICS, MODEL, TINY, snapshot, write_model
from .toys import ADAPTER, SMALLEST


@pytest.fixture(autouse=True)
def _here(workspace: Path) -> None:
    """Work in the tiny project."""
    assert Path.cwd() == workspace


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_a_dry_run_writes_nothing(stage: str, workspace: Path) -> None:
    ADAPTER.write_text(SMALLEST.format(metrics="{'a': 1}"))
    assert main(["train"]) == 0
    before = snapshot(workspace)
    assert main([stage, "--dry-run"]) == 0
    after = snapshot(workspace)
    assert {name: found for name, found in after.items() if "__pycache__" not in name} == {
        name: found for name, found in before.items() if "__pycache__" not in name
    }


REFUSED = [
    ("None", "None; return a dict of real numbers"),
    ("[1.0]", "[1.0]; return a dict of real numbers"),
    ("{}", "{}; return a dict of real numbers"),
    ("{'loss': True}", "True for 'loss'; return a real number"),
    ("{'loss': '0.9'}", "'0.9' for 'loss'; return a real number"),
    ("{'loss': None}", "None for 'loss'; return a real number"),
    ("{'loss': 1j}", "1j for 'loss'; return a real number"),
    ("{'val_loss': 1, 'loss': [0.1]}", "[0.1] for 'loss'; return a real number"),
    ("{7: 0.1}", "0.1 for 7; return a real number"),
]


@pytest.mark.parametrize(("metrics", "message"), [*REFUSED, ("{'a': float('nan')}", "nan for 'a'")])
def test_metrics_that_are_no_real_numbers_are_refused_by_name_and_nothing_is_saved(
    metrics: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ADAPTER.write_text(SMALLEST.format(metrics=metrics))
    assert main(["train"]) == 1
    error = capsys.readouterr().err
    assert f"error: models/tiny/adapter.py: get_metrics returned {message}" in error
    assert not (MODEL / "model.pkl").exists()
    assert not (MODEL / "train_configuration.yaml").exists()


def test_a_search_ends_at_the_first_metrics_that_are_no_numbers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ADAPTER.write_text(SMALLEST.format(metrics="{'val_loss': '1'}"))
    space = {"x": {"default_value": 1, "tuning": {
        "tune": True, "param_type": "int", "min": 1, "max": 9,
    }}}  # fmt: skip
    write_model(TINY | {"tuning": {"tune": True, "max_trials": 5, "hyperparams": space}})
    assert main(["tune"]) == 1
    assert "adapter.py: get_metrics returned '1' for 'val_loss'" in capsys.readouterr().err
    assert len(list(Path(".checkpoints/tune/tiny").glob("*/trial_*"))) == 1


def test_numbers_of_numpy_are_numbers() -> None:
    config = load_config()
    metrics = {"a": np.float32(0.5), "b": np.int64(2), "c": 1, "d": np.float64("inf")}
    found = checked_metrics(metrics, config, finite=False)
    assert found == {"a": 0.5, "b": 2.0, "c": 1.0, "d": math.inf}
    assert {type(value) for value in found.values()} == {float}


@pytest.mark.parametrize("stage", ["train", "evaluate"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class AdapterModel:\n    build = print\n", "must define __init__ and train and get_metr"),
        ("class Other:\n    pass\n", "defines 0 subclasses of AdapterModel; it must be one"),
        ("class AdapterModel:\n    train = print\nAdapterModel.__init__ = print\n", "get_metrics"),
    ],
)
def test_missing_mandatory_steps_are_refused_by_name(
    stage: str, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ADAPTER.write_text(text)
    assert main([stage]) == 1
    error = capsys.readouterr().err
    assert "error: models/tiny/adapter.py" in error
    assert message in error


def test_a_model_that_was_not_trained_or_keeps_nothing_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ADAPTER.write_text(SMALLEST.format(metrics="{'a': 1}"))
    assert main(["evaluate"]) == 1
    assert "models/tiny/model.pkl does not exist; train it first" in capsys.readouterr().err
    ADAPTER.write_text(SMALLEST.format(metrics="{'a': 1}").replace("self.model = 1", "pass"))
    assert main(["train"]) == 1
    assert "has no self.model to save after `train`" in capsys.readouterr().err


def test_an_adapter_may_save_what_it_likes() -> None:
    own: Any = SMALLEST.format(metrics="{'a': self.model}") + (
        "\n    def save(self, folder):\n        (folder / 'number.txt').write_text('5')\n"
        "\n    def load(self, folder):\n"
        "        self.model = int((folder / 'number.txt').read_text())\n"
    )
    ADAPTER.write_text(own)
    assert main(["train"]) == 0
    assert not (MODEL / "model.pkl").exists()
    assert main(["evaluate"]) == 0
    assert read_json(METRICS / "metrics.json") == {"test": {"a": 5.0}}
