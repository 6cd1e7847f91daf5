"""The search loop on a stub: what is tried, what is chosen, what fails."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.files import read_csv

from .searching import (
    CHOSEN,
    SPACE,
    STUB,
    choice,
    chosen,
    number,
    proposals,
    search,
    trained,
    trials,
)
from .tiny import METRICS

pytestmark = pytest.mark.usefixtures("workspace")

ORACLES = ["random", "grid", "bayesian", "hyperband"]
SMALL = {"x": number(0, 2, 1), "y": choice(1, 0, 2)}
LINES = [
    number
    for number, line in enumerate(STUB.read_text().splitlines(), 1)
    if "raise ZeroDivisionError" in line or "raise MemoryError" in line
]
FATES = {"x": number(0.0, 8.0, 7.0), "fate": choice("fine", "raises", "nan", "memory")}


@pytest.mark.parametrize("oracle", ORACLES)
def test_the_defaults_are_the_first_trial_and_everything_declared_is_in_the_result(
    oracle: str,
) -> None:
    assert search(oracle=oracle) == 0
    assert proposals()[0] == {"x": "7.0", "y": "2", "fixed": "as it is"}
    assert set(chosen()) == {"x", "y", "fixed"}
    assert chosen()["fixed"] == "as it is"


@pytest.mark.parametrize("oracle", ORACLES)
def test_no_combination_is_tried_twice(oracle: str) -> None:
    assert search(oracle=oracle, max_trials=20) == 0
    tried = [(*row.items(),) for row in proposals()]
    # Hyperband trains the best again, for more epochs; of one epoch there is nothing to halve.
    assert len(set(tried)) == len(tried) == 20 or oracle == "hyperband"


def test_a_grid_that_is_cut_says_so_and_spreads_its_trials(
    capsys: pytest.CaptureFixture[str],
) -> None:
    space = {"x": number(0, 5, 4), "y": choice(*range(6))}
    assert search(space, oracle="grid", max_trials=6) == 0
    assert ": grid, 6 of 36 combinations, spread over the grid; new" in capsys.readouterr().out
    assert proposals()[0] == {"x": "4", "y": "0"}
    assert sorted(row["x"] for row in proposals()) == list("012345")
    assert sorted(row["y"] for row in proposals()) == list("012345")
    six = proposals()
    assert search(space, oracle="grid", max_trials=12) == 0
    assert proposals()[:6] == six
    assert search(space, oracle="grid", max_trials=36) == 0
    assert ": grid, 36 trials; continues after 12." in capsys.readouterr().out
    assert len({tuple(row.items()) for row in proposals()}) == 36


def test_a_grid_that_is_not_cut_is_tried_in_order() -> None:
    assert search(SMALL, oracle="grid", max_trials=9) == 0
    assert [(row["x"], row["y"]) for row in proposals()] == [(x, y) for x in "102" for y in "102"]


@pytest.mark.parametrize(
    ("most", "says"),
    [
        (20, "20 trials, its model proposes once 6 have completed; new"),
        (2, "2 trials, too few for its model to propose one: all are random; new"),
    ],
)
def test_a_bayesian_search_says_when_its_model_proposes(
    most: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(oracle="bayesian", max_trials=most) == 0
    assert f": bayesian, {says}" in capsys.readouterr().out


@pytest.mark.parametrize("oracle", ["random", "grid", "bayesian"])
def test_a_small_space_ends_with_every_combination_tried_once(
    oracle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(SMALL, oracle=oracle, max_trials=50) == 0
    assert sorted((row["x"], row["y"]) for row in proposals()) == [
        (x, y) for x in "012" for y in "012"
    ]
    assert "all 9 combinations (max_trials is 50)" in capsys.readouterr().out
    assert chosen() == {"x": 2, "y": 0}


@pytest.mark.parametrize("oracle", ORACLES)
def test_the_same_seed_proposes_the_same_trials_and_another_one_others(
    oracle: str, workspace: Path
) -> None:
    found = []
    for seed in (0, 0, 1):
        (workspace / METRICS / "trials.csv").unlink(missing_ok=True)
        assert search(oracle=oracle, seed=seed, max_trials=14) == 0
        found.append(proposals())
        for folder in Path(".checkpoints/tune/tiny").glob("*/"):
            folder.rename(workspace / f"{oracle}-{folder.name}-{len(found)}")
    assert found[0] == found[1]
    assert (found[0] != found[2]) == (oracle != "grid")


@pytest.mark.parametrize(("direction", "best"), [("min", 0), ("max", 8)])
def test_the_best_trial_is_the_one_of_the_objectives_direction(direction: str, best: int) -> None:
    space = {"x": choice(7, 8, 3), "y": choice(0)}
    objective = {"metric": "val_loss", "direction": direction}
    assert search(space, objective=objective, oracle="grid") == 0
    assert chosen()["x"] == {0: 3, 8: 8}[best]


def test_the_file_names_trial_score_and_search_and_keeps_the_types() -> None:
    flag = {"default_value": True, "tuning": {"tune": True, "param_type": "boolean"}}
    assert search({"x": choice(4, 3), "flag": flag, "word": {"default_value": "1e-5"}}) == 0
    (folder,) = Path(".checkpoints/tune/tiny").glob("*/")
    first = CHOSEN.read_text().splitlines()[0]
    number = next(row["trial"] for row in trials() if float(row["score"]) == 0)
    assert first == (
        f"# Trial {number} of search {folder.name}: val_loss 0, the best of 4 trials (0 failed)."
    )
    assert repr(chosen()) == f"{{'x': 3, 'flag': {chosen()['flag']}, 'word': '1e-5'}}"
    assert isinstance(chosen()["flag"], bool)


def test_a_failed_trial_is_recorded_with_its_reason_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert search(FATES, oracle="grid", max_trials=8, max_failed_share=0.8) == 0
    reasons = {row["fate"]: row["reason"] for row in trials()}
    assert reasons == {
        "fine": "",
        "raises": f"ZeroDivisionError: by the optimizer (models/tiny/adapter.py:{LINES[0]})",
        "nan": "val_loss is nan, which cannot be compared.",
        "memory": f"out of memory: no room for 3 GB (models/tiny/adapter.py:{LINES[1]})",
    }
    assert {row["status"] for row in trials() if row["fate"] == "fine"} == {"completed"}
    assert {row["score"] for row in trials() if row["fate"] != "fine"} == {""}
    assert chosen()["fate"] == "fine"
    assert "the best of 8 trials (6 failed)" in CHOSEN.read_text()
    said = capsys.readouterr()
    assert "failed: out of memory: no room for 3 GB" in said.out
    assert len(said.out.splitlines()) == 1 + 8 + 1  # the search, a line a trial, what was chosen
    assert said.err == ""
    errors = Path(".checkpoints/tune/tiny").glob("*/trial_*/error.txt")
    assert any("ZeroDivisionError" in path.read_text() for path in errors)


def test_more_failures_than_allowed_end_the_search_early_with_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert search(FATES, oracle="grid", max_trials=44, max_failed_share=0.1) == 1
    assert not CHOSEN.exists() or "search" not in CHOSEN.read_text()
    assert len(trained()) < 20
    error = capsys.readouterr().err
    assert "5 of 7 trials of search" in error
    place = f"models/tiny/adapter.py:{LINES[0]}"
    assert f"trial 1: ZeroDivisionError: by the optimizer ({place}). Mend that" in error
    assert "remove .checkpoints/tune/tiny/" in error


def test_a_search_without_one_success_fails(capsys: pytest.CaptureFixture[str]) -> None:
    space = {"x": choice(1, 2), "fate": {"default_value": "raises"}}
    assert search(space, max_failed_share=1.0) == 1
    assert "2 of 2 trials of search" in capsys.readouterr().err


def test_an_objective_that_an_adapter_does_not_report_ends_the_search_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert search({"x": choice(1, 2), "fate": {"default_value": "unnamed"}}) == 1
    error = capsys.readouterr().err
    assert "tuning.objective.metric is 'val_loss', which the adapter does not report" in error
    assert "reported: other." in error
    assert len(trained()) == 1


def test_a_trial_is_trained_as_often_as_asked_with_other_seeds_and_scored_by_the_mean() -> None:
    assert search({"x": choice(3)}, executions_per_trial=3) == 0
    assert [line.split()[-1] for line in trained()] == ["1", "2", "3"]
    assert float(trials()[0]["score"]) == pytest.approx(0.1)
    assert trials()[0]["epochs"] == "3"


def test_a_line_tells_of_each_trial(capsys: pytest.CaptureFixture[str]) -> None:
    assert search({"x": choice(7, 3)}, oracle="grid") == 0
    first, second = [line for line in capsys.readouterr().out.splitlines() if "trial " in line]
    assert first.startswith("[1/2] trial 0: val_loss 16 in 0.0 s; best 16 in trial 0, about")
    assert second == "[2/2] trial 1: val_loss 0 in 0.0 s; best 0 in trial 1"


def test_the_long_table_places_each_searched_value_in_its_range() -> None:
    space: dict[str, Any] = {**SPACE, "z": number(0, 4, 2, when={"y": 1})}
    assert search(space, oracle="grid", max_trials=77) == 0
    rows = [row for row in read_csv(METRICS / "trial_values.csv") if row["trial"] == "1"]
    assert [(row["hyperparameter"], row["value"], row["position"]) for row in rows] == [
        ("x", "7.0", "0.875"),
        ("y", "0", "0.5"),
    ]


def test_without_a_search_the_tables_hold_only_their_headers() -> None:
    assert search(tune=False) == 0
    assert trials() == []
    header = (METRICS / "trials.csv").read_text()
    assert header == "trial,status,score,epochs,seconds,x,y,fixed,reason\n"
    assert CHOSEN.read_text().startswith("# Default values of config.yaml: tuning.tune is false.")


def test_a_dry_run_checks_the_model_and_writes_nothing() -> None:
    CHOSEN.unlink()
    assert search(SPACE, "--dry-run") == 0
    assert not Path(".checkpoints").exists()
    assert not CHOSEN.exists()
