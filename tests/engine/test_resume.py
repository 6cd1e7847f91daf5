"""A killed search keeps every finished trial; a changed one starts anew and says why."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.loading import load_config
from modelyard.pipeline import identity
from modelyard.search.record import SearchRecord

from .killing import Killed, killed_at_write
from .searching import SPACE, choice, chosen, number, search, trained, trials
from .tiny import MODEL

pytestmark = pytest.mark.usefixtures("workspace")

ORACLES = ["random", "grid", "bayesian", "hyperband"]
WIDER = {**SPACE, "x": number(0.0, 9.0, 7.0)}
HIGHER = {"metric": "val_loss", "direction": "max"}
SEARCHES = Path(".checkpoints/tune/tiny")


def rows() -> list[dict[str, str]]:
    return [{key: row[key] for key in row if key != "seconds"} for row in trials()]


def results() -> set[str]:
    return {json.dumps(json.loads(path.read_text())["values"]) for path in result_files()}


def result_files() -> list[Path]:
    return list(SEARCHES.glob("*/trial_*/result.json"))


@pytest.mark.parametrize("oracle", ORACLES)
def test_a_search_killed_at_any_write_ends_as_if_it_had_not_been(
    oracle: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = {"x": number(0.0, 8.0, 7.0), "y": choice(2, 0, 1)}
    assert search(space, oracle=oracle, max_trials=4) == 0
    whole, uninterrupted = rows(), chosen()
    for nth in range(1, 60, 3 if oracle == "bayesian" else 1):
        shutil.rmtree(workspace / ".checkpoints")
        Path("trained.log").unlink()
        try:
            with killed_at_write(nth, monkeypatch):
                search(space, oracle=oracle, max_trials=4)
            break
        except Killed:
            finished = len(result_files())
        before = len(trained()) if Path("trained.log").exists() else 0
        assert search(space, oracle=oracle, max_trials=4) == 0
        assert len(trained()) - before == 4 - finished
        assert (rows(), chosen()) == (whole, uninterrupted)
    assert nth > 20


def test_a_finished_search_is_not_searched_again_and_needs_no_tensorflow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert search() == 0
    before = (trained(), rows(), chosen())
    monkeypatch.setattr(
        "modelyard.search.tuning.import_tensorflow", lambda _: pytest.fail("imported")
    )
    capsys.readouterr()
    assert search() == 0
    assert "continues after 6." in capsys.readouterr().out
    assert (trained(), rows(), chosen()) == before


def test_more_trials_continue_the_search_and_fewer_are_its_beginning() -> None:
    assert search(max_trials=4) == 0
    four, best_of_four = rows(), chosen()
    assert search(max_trials=12) == 0
    assert rows()[:4] == four
    assert len(trained()) == 12
    assert search(max_trials=4) == 0
    assert (rows(), chosen()) == (four, best_of_four)
    assert len(trained()) == 12


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hyperparams": WIDER}, "hyperparams.x.tuning.max 8.0 -> 9.0"),
        (
            {"objective": {"metric": "val_loss", "direction": "max"}},
            "objective.direction min -> max",
        ),
        ({"seed": 7}, "seed 42 -> 7"),
        ({"oracle": "grid"}, "oracle random -> grid"),
    ],
    ids=["space", "objective", "seed", "oracle"],
)
def test_a_changed_search_starts_anew_and_says_why(
    change: dict[str, Any], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search() == 0
    assert "new: the first." in capsys.readouterr().out
    assert search(**change) == 0
    assert f"; new: tuning.{why}." in capsys.readouterr().out
    assert len(trained()) == 12


def test_changed_data_and_code_start_anew_and_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = {**identity.code_files(), "src/trainer.py": "other"}
    assert search() == 0
    monkeypatch.setattr(identity, "code_files", lambda: code)
    monkeypatch.setattr("modelyard.data.manifest.Manifest.data_hash", "other")
    assert search() == 0
    assert "; new: the data, src/trainer.py." in capsys.readouterr().out


def test_a_search_that_outlived_its_dvc_ends_when_a_later_one_begins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class LaterBegins(SearchRecord):
        def write(self, trial_id: str, result: Any) -> None:
            if trial_id == "2":
                SearchRecord(load_config()).begin()
                self.check_owner()
            super().write(trial_id, result)

    monkeypatch.setattr("modelyard.search.state.SearchRecord", LaterBegins)
    assert search() == 1
    assert "A later search of tiny took over; this one ends." in capsys.readouterr().err
    assert len(result_files()) == 2
    assert not (MODEL / "hyperparameters.yaml").read_text().startswith("# Trial")


def test_a_trial_that_ends_its_process_again_and_again_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("modelyard.search.loop.SearchTuner._train", kill)
        for _ in range(3):
            with pytest.raises(Killed):
                search(max_trials=3)
    assert search(max_trials=3) == 0
    assert [row["status"] for row in trials()] == ["failed", "completed", "completed"]
    assert trials()[0]["reason"] == "It ended its process 3 times; it may need too much memory."
