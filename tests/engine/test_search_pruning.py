"""Pruning: a trial worse than the median of those before it ends early, exactly on resume too."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from modelyard.adapter import run_steps
from modelyard.config.tuning_section import Objective, Pruning
from modelyard.files import read_json
from modelyard.search.pruning import Watch, limits
from modelyard.search.record import TrialResult

from .killing import Killed, killed_at_write
from .searching import choice, chosen, epochs_search, search, trials

LOWER = Objective(metric="val_loss", direction="min")
HIGHER = Objective(metric="val_loss", direction="max")
RULE = Pruning(after_trials=2, after_epochs=2)
PRUNING = {"after_trials": 2, "after_epochs": 2}
SPACE = {"x": choice(5, 4, 8, 3, 6), "y": {"default_value": 0}}  # losses 4, 1, 25, 0, 9 + 1/n
SEARCHES = Path(".checkpoints/tune/tiny")


def ended(number: int, *curve: float | None, status: Any = "completed") -> TrialResult:
    return TrialResult(number=number, status=status, values={}, score=1.0, curve=list(curve))


def test_a_limit_is_the_median_of_the_best_values_by_that_epoch() -> None:
    others = [ended(0, 5, 3, 4, 4), ended(1, 6, 1, 9, 9), ended(2, 4, 4, 2, 1)]
    assert limits(RULE, LOWER, 4, others) == [None, 3, 2]
    assert limits(RULE, HIGHER, 4, others) == [None, 5, 5]


def test_one_that_stopped_by_itself_still_counts_and_a_pruned_one_as_far_as_it_came() -> None:
    others = [ended(0, 5, 4), ended(1, 3, 2, 2, 2, 2), ended(2, 9, 9, 9, status="pruned")]
    assert limits(RULE, LOWER, 6, others) == [None, 4, 4, 3, 3]


def test_no_limit_holds_before_enough_trials_have_come_so_far() -> None:
    others = [ended(0, None, None, 3), ended(1, 2, 2, 2)]
    assert limits(RULE, LOWER, 5, others) == [None, None, 2.5, 2.5]
    assert limits(RULE, LOWER, 5, others[:1]) == [None] * 4


def test_a_training_stops_where_its_best_value_is_worse_than_the_limit() -> None:
    watch = Watch(LOWER, [None, 2.0, 1.0])
    assert not watch([{"val_loss": 9.0}])
    assert not watch([{"val_loss": 2.0}, {"val_loss": 9.0}])
    assert watch([{"val_loss": 2.5}, {"val_loss": 9.0}])
    assert not watch([{"val_loss": float("nan")}, {"loss": 1.0}])
    assert watch.curve == [None, None]
    assert not watch([{"val_loss": 9.0}] * 4)
    assert Watch(HIGHER, [2.0])([{"val_loss": 1.0}])


@pytest.mark.usefixtures("workspace")
def test_a_pruned_trial_has_a_score_and_its_epochs_and_is_told_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert epochs_search(SPACE, pruning=PRUNING) == 0
    assert [(row["status"], row["epochs"], row["score"]) for row in trials()] == [
        ("completed", "4", "4.25"),
        ("completed", "4", "1.25"),
        ("pruned", "2", "25.5"),
        ("completed", "4", "0.25"),
        ("pruned", "2", "9.5"),
    ]
    said = capsys.readouterr().out
    assert ": grid, 5 trials, pruned once 2 have completed; new: the first." in said
    assert "[3/5] trial 2: val_loss 25.5 pruned after 2 epochs in 0.0 s; best 1.25 in" in said
    assert chosen()["x"] == 3
    comment = Path("models/tiny/hyperparameters.yaml").read_text()
    assert "the best of 5 trials (0 failed, 2 pruned)." in comment
    (folder,) = SEARCHES.glob("*/trial_4")
    assert read_json(folder / "result.json")["curve"] == [10.0, 9.5]
    assert read_json(folder / "pruning.json") == {
        "trials": [0, 1, 2, 3],
        "limits": [None, 3.0, pytest.approx(4 / 3)],
    }


@pytest.mark.usefixtures("workspace")
def test_a_pruned_trial_never_wins() -> None:
    """Its score is that of its last epoch, the others went on and ended worse."""
    better = {"metric": "val_loss", "direction": "max"}  # here losses fall: epoch 2 beats epoch 4
    space = {"x": choice(3.3, 3.2, 3.0), "y": {"default_value": 0}}
    assert epochs_search(space, objective=better, pruning=PRUNING) == 0
    scores = {row["status"]: float(row["score"]) for row in trials()}
    assert scores["pruned"] > scores["completed"]
    assert chosen()["x"] == 3.3


@pytest.mark.usefixtures("workspace")
def test_each_trial_keeps_its_curve_without_pruning_too() -> None:
    assert epochs_search({"x": choice(3, 4)}) == 0
    (file,) = SEARCHES.glob("*/trial_1/result.json")
    assert read_json(file)["curve"] == [2.0, 1.5, 1 + 1 / 3, 1.25]
    assert not list(SEARCHES.glob("*/*/pruning.json"))


def test_a_pruned_search_killed_at_any_write_ends_as_if_it_had_not_been(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert epochs_search(SPACE, pruning=PRUNING) == 0
    whole = (outcome(), chosen(), limits_of_all())
    epochs = len(Path("epochs.log").read_text().splitlines())
    for nth in range(1, 90):
        shutil.rmtree(workspace / ".checkpoints")
        Path("epochs.log").unlink(missing_ok=True)
        try:
            with killed_at_write(nth, monkeypatch):
                epochs_search(SPACE, pruning=PRUNING)
            break
        except Killed:
            assert epochs_search(SPACE, pruning=PRUNING) == 0
        assert (outcome(), chosen(), limits_of_all()) == whole
        assert len(Path("epochs.log").read_text().splitlines()) == epochs
    assert nth > 40


def outcome() -> list[dict[str, str]]:
    return [{key: row[key] for key in row if key != "seconds"} for row in trials()]


def limits_of_all() -> list[Any]:
    return [read_json(path) for path in sorted(SEARCHES.glob("*/*/pruning.json"))]


@pytest.mark.usefixtures("workspace")
def test_what_a_trial_is_compared_with_stays_as_it_was_when_it_began(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when another worker ends a trial while this one is dead and waits to begin again."""
    with monkeypatch.context() as patch:
        patch.setattr("modelyard.search.loop.run_steps", killed_in("trial_2"))
        with pytest.raises(Killed):
            epochs_search(SPACE, pruning=PRUNING)
    (search_folder,) = SEARCHES.glob("*/trial_2")
    later = ended(1, 100, 100, 100, 100).model_copy(update={"values": {"x": 4, "y": 0}})
    (search_folder.parent / "trial_1/result.json").write_text(later.model_dump_json())
    assert epochs_search(SPACE, pruning=PRUNING) == 0
    assert trials()[2]["status"] == "pruned"


def killed_in(trial: str) -> Any:
    def run(adapter: Any, **more: Any) -> None:
        if adapter.model_specs.folder and adapter.model_specs.folder.parent.name == trial:
            raise Killed
        run_steps(adapter, **more)

    return run


@pytest.mark.usefixtures("workspace")
def test_a_trial_pruned_in_its_first_training_has_no_further_ones() -> None:
    assert epochs_search(SPACE, pruning=PRUNING, executions_per_trial=2) == 0
    assert [row["epochs"] for row in trials()] == ["8", "8", "2", "8", "2"]
    log = Path("epochs.log").read_text()
    assert "trial_2 seed 1 2" in log
    assert "trial_2 seed 2" not in log


@pytest.mark.usefixtures("workspace")
def test_an_adapter_that_never_asks_ends_a_pruned_search_after_one_trial(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert search({"x": choice(1, 2, 3)}, pruning=PRUNING) == 1
    error = capsys.readouterr().err
    assert "tuning.pruning is set, but models/tiny/adapter.py never hands its history" in error
    assert len(Path("trained.log").read_text().splitlines()) == 1


@pytest.mark.usefixtures("workspace")
def test_an_objective_that_is_not_in_the_history_cannot_be_pruned_by(
    capsys: pytest.CaptureFixture[str],
) -> None:
    objective = {"metric": "own", "direction": "max"}
    assert epochs_search(SPACE, pruning=PRUNING, objective=objective) == 1
    error = capsys.readouterr().err
    assert "tuning.pruning compares 'own' epoch by epoch, but training reports loss, val_l" in error


@pytest.mark.usefixtures("workspace")
def test_hyperband_and_pruning_are_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert epochs_search(SPACE, pruning=PRUNING, oracle="hyperband") == 1
    assert capsys.readouterr().err == (
        "error: models/tiny/config.yaml: tuning: pruning does not go with oracle hyperband, which "
        "stops bad trials itself; remove pruning, or choose random, bayesian or grid.\n"
    )


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"after_trials": 5}, "5 trials, too few to prune one (pruning.after_trials is 5); new"),
        ({"after_epochs": 4}, "5 trials, too short to prune one (pruning.after_epochs is 4); new"),
    ],
)
def test_a_search_that_can_prune_nothing_says_so(
    rule: dict[str, int], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert epochs_search(SPACE, pruning=PRUNING | rule) == 0
    assert why in capsys.readouterr().out
    assert {row["status"] for row in trials()} == {"completed"}
