"""The oracles by themselves: what they propose for a score that is known."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modelyard.config.tuning_section import Tuning
from modelyard.files import read_csv
from modelyard.search.oracles import ORACLES
from modelyard.search.outlook import initial_points
from modelyard.search.record import TrialResult
from modelyard.search.report import write_trials
from modelyard.search.space import Space

from .searching import choice, number

BEST = (0.3, 0.6, 0.2, 0.45)
DOTTED = "params.label_smoothing"


def proposed(folder: Path, kind: str, most: int, seed: int, **space: Any) -> list[dict[str, Any]]:
    """Return what an oracle proposes where the score is the squared distance from BEST."""
    tuning = Tuning.model_validate(
        {"tune": True, "max_trials": most, "oracle": kind, "seed": seed, "hyperparams": space}
    )
    config: Any = SimpleNamespace(tuning=tuning, params=SimpleNamespace(epochs=9))
    oracle = ORACLES[kind](Space(tuning.hyperparams), config)
    oracle.open(folder, f"{kind}-{seed}")
    found = []
    while (trial := oracle.create_trial("one")).status == "RUNNING":
        found.append(dict(trial.hyperparameters.values))
        oracle.update_trial(trial.trial_id, {"val_loss": score(found[-1])})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    return found


def score(values: dict[str, Any]) -> float:
    numbers = [value for value in values.values() if isinstance(value, float)]
    return sum((value - best) ** 2 for value, best in zip(numbers, BEST, strict=False))


@pytest.mark.parametrize(
    ("trials", "dimensions", "points"),
    [(20, 5, 6), (20, 1, 3), (60, 4, 12), (3, 4, 2), (1, 1, 2), (100, 2, 6)],
)
def test_a_third_of_the_trials_at_most_are_random(
    trials: int, dimensions: int, points: int
) -> None:
    assert initial_points(trials, dimensions) == points


def test_a_bayesian_search_of_few_trials_finds_what_a_random_one_does_not(tmp_path: Path) -> None:
    """Twelve trials of four hyperparameters: with KerasTuner's own settings all are random."""
    space = {f"x{i}": number(0.0, 1.0, 0.9) for i in range(4)}
    best = {
        kind: min(score(values) for values in proposed(tmp_path, kind, 12, 0, **space))
        for kind in ("random", "bayesian")
    }
    assert best["bayesian"] < 0.01
    assert best["random"] > 0.03


def test_the_model_proposes_as_soon_as_it_can_also_after_a_restart(tmp_path: Path) -> None:
    tuning = Tuning.model_validate(
        {"tune": True, "max_trials": 9, "oracle": "bayesian", "hyperparams": {"x": number(0, 9, 1)}}
    )
    config: Any = SimpleNamespace(tuning=tuning)
    for _ in range(2):
        oracle: Any = ORACLES["bayesian"](Space(tuning.hyperparams), config)
        oracle.open(tmp_path, "search")
        assert oracle.num_initial_points == 3
        assert oracle.gpr.kernel.length_scale_bounds == (0.05, 20.0)
        assert oracle.beta == 1.0
        oracle.create_trial("one")


@pytest.mark.parametrize("kind", ORACLES)
def test_a_hyperparameter_may_have_dots_in_its_name(kind: str, tmp_path: Path) -> None:
    space = {
        DOTTED: number(0.0, 0.5, 0.1),
        "params.optimizer.name": choice("adam", "sgd"),
        "params.momentum": number(0.0, 0.9, 0.5, when={"params.optimizer.name": "sgd"}),
    }
    found = proposed(tmp_path, kind, 8, 1, **space)
    assert found[0].items() >= {DOTTED: 0.1, "params.optimizer.name": "adam"}.items()
    assert len({values[DOTTED] for values in found}) > 1
    declared = Tuning.model_validate(
        {"tune": True, "max_trials": 8, "hyperparams": space}
    ).hyperparams
    values = {name: value for name, value in found[-1].items() if name in declared}
    result = TrialResult(number=0, status="completed", values=values, score=1.0)
    write_trials(tmp_path, [result], Space(declared))
    assert read_csv(tmp_path / "trials.csv")[0][DOTTED] == str(values[DOTTED])
    names = {row["hyperparameter"] for row in read_csv(tmp_path / "trial_values.csv")}
    assert {DOTTED, "params.optimizer.name"} <= names
