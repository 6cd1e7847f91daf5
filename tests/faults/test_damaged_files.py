"""Damaged files: state begins anew with a word, the files of a model are named in one sentence."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from engine import searching
from engine.tiny import METRICS, MODEL, PROCESSED, write_project

from modelyard.__main__ import main as modelyard
from modelyard.errors import UserError
from modelyard.files import write_csv, write_json, write_yaml
from modelyard.saved.forms import LiteModel
from modelyard.saved.loading import load_intact
from modelyard.serving.predicting import described
from src.run import main as stages

from .commands import MEASURED, sentences
from .damages import DAMAGES, cut, emptied, made_a_folder, removed, without_history
from .trainings import backup, network

Damage = Callable[[Path], None]
pytestmark = pytest.mark.slow  # most need TensorFlow
damaged = pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
LOSSES = [4.0, 1.0, 3.0, 2.0]  # of each epoch; the second is the best
LAST, BEST = len(LOSSES) - 1, 1
SUSPECT = {"split": "test", "path": "a", "label": "b", "likelier": "c", "probability": 0.9,
           "probability_of_label": 0.1}  # fmt: skip


@pytest.fixture(name="prepared", scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("damaged")
    write_project(root)
    with contextlib.chdir(root):
        assert stages(["prepare"]) == stages(["tune"]) == 0
        write_json(METRICS / "metrics.json", MEASURED)
        write_csv(METRICS / "history.csv", [{"epoch": 1, "loss": 0.5, "val_loss": 0.5}])
        write_csv(METRICS / "predictions.csv", [{"path": "a", "actual": "b", "predicted": "b"}])
        write_json(METRICS / "label_errors.json", {"found": {"test": 1}, "examples": [SUSPECT]})
        write_yaml(MODEL / "train_configuration.yaml", {"versions": {"keras": "3"}})
    return root


@pytest.fixture(name="project")
def _project(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    shutil.copytree(prepared, root)
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", ["modelyard"])
    return root


# A training.


@pytest.fixture(name="killed", scope="session")
def _killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what a training leaves that is killed after its epochs; all weights are the epoch."""
    folder = tmp_path_factory.mktemp("killed") / ".checkpoints/train/tiny/0123"
    subject, model = backup(folder), network()
    subject.claim()
    subject.set_model(model)
    subject.set_params({"epochs": 100})
    for epoch, loss in enumerate(LOSSES):
        for weight in model.weights:
            weight.assign(np.full(weight.shape, epoch))
        subject.on_epoch_end(epoch, {"val_loss": loss})
    assert sorted(path.name for path in folder.iterdir()) == [
        f"epoch-{BEST}.npz", f"epoch-{LAST}.npz", "state.json",
    ]  # fmt: skip
    return folder.parents[3]


@pytest.fixture(name="folder")
def _folder(killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(killed, tmp_path / "killed")
    monkeypatch.chdir(tmp_path / "killed")
    return Path(".checkpoints/train/tiny/0123")


def resumed(folder: Path) -> tuple[int, float]:
    """Return after how many epochs a training goes on, and the epoch of its weights."""
    model = network()
    for weight in model.weights:
        weight.assign(np.full(weight.shape, -1))
    done = backup(folder).resume(model)
    [value] = {float(number) for weight in model.weights for number in weight.numpy().ravel()}
    return done, value


@damaged
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("state.json", (0, -1)),
        (f"epoch-{LAST}.npz", (BEST + 1, BEST)),  # the one before it
        (f"epoch-{BEST}.npz", (0, -1)),  # it would be missing at the end
    ],
)
def test_a_damaged_backup_is_left_out_with_a_word(
    name: str,
    expected: tuple[int, float],
    damage: Damage,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(folder / name)
    assert resumed(folder) == expected
    said = capsys.readouterr().err
    if (name, damage) != ("state.json", removed):  # nothing is known of a training without it
        assert said.startswith("warning: ")
        assert str(folder / name) in said
        expected_end = f"after epoch {expected[0]}." if expected[0] else "training begins anew."
        assert said.endswith(f"{expected_end}\n")
        assert said.count("\n") == 1
        assert not (folder / name).exists()
    assert resumed(folder)[0] == expected[0]
    assert capsys.readouterr().err.count("damaged") == 0


@pytest.mark.parametrize("place", ["", "owner", "0123", "../.."])
def test_whatever_lies_in_the_place_of_a_backup_goes(place: str, folder: Path) -> None:
    path = Path(os.path.normpath(folder.parent / place))
    removed(path)
    if place == "owner":
        path.mkdir()
    else:
        path.touch()
    assert resumed(folder)[0] == (len(LOSSES) if place == "owner" else 0)


@pytest.mark.parametrize(
    "document",
    [
        {"history": {}},
        {"history": [1]},
        {"history": [{"loss": 1.0}]},
        {"history": [{"val_loss": "low"}]},
        {"history": [{"val_loss": None}]},
        {"history": [{"val_loss": float("nan")}]},
        {"history": [{"val_loss": 1.0}, {"val_loss": 1.0, "more": 2.0}]},
    ],
    ids=str,
)
def test_a_history_of_another_form_begins_anew(document: object, folder: Path) -> None:
    (folder / "state.json").write_text(json.dumps(document))
    assert resumed(folder) == (0, -1)


def test_a_backup_of_another_model_changes_none_of_its_weights(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(folder / f"epoch-{LAST}.npz") as saved:
        other = {name: saved[name] for name in saved.files}
    other[next(name for name in other if "kernel" in name)] = np.zeros((3, 3))
    np.savez(folder / f"epoch-{LAST}.npz", **other)
    assert resumed(folder) == (BEST + 1, BEST)
    assert "has the shape (3, 3), not (2, 1)" in capsys.readouterr().err


# A search.

SPACE = {"x": searching.number(0.0, 8.0, 7.0)}
TRIALS = 3


@pytest.fixture(name="half", scope="session")
def _half(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project in which some trials of a search have ended."""
    root = tmp_path_factory.mktemp("searched") / "project"
    shutil.copytree(prepared, root)
    with contextlib.chdir(root):
        assert searching.search(SPACE, max_trials=TRIALS) == 0
        assert searching.search(SPACE, max_trials=TRIALS + 1) == 0
        (root / "whole.json").write_text(json.dumps(rows()))
        shutil.rmtree(".checkpoints")
        Path("trained.log").unlink()
        assert searching.search(SPACE, max_trials=TRIALS) == 0
        Path("trained.log").unlink()
    return root


@pytest.fixture(name="search")
def _search(half: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(half, tmp_path / "searched")
    monkeypatch.chdir(tmp_path / "searched")
    return next(Path(".checkpoints/tune/tiny").glob("*/search.json")).parent


def rows() -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in searching.trials()]


# How many trials are trained after damage, the new one included.
STATE_OF_A_SEARCH = {"oracle.json": 1, "trial_1/trial.json": 1, "trial_1/result.json": 2}
NOTES_OF_A_SEARCH = {"search.json": 1, "../owner": 1, "../current": 1}  # nothing rests on them
IN_A_SEARCH = STATE_OF_A_SEARCH | NOTES_OF_A_SEARCH
SEARCHES = [
    *((name, damage) for name in STATE_OF_A_SEARCH for damage in DAMAGES),
    *((name, damage) for name in NOTES_OF_A_SEARCH for damage in (emptied, made_a_folder, cut)),
]


@pytest.mark.parametrize(("name", "damage"), SEARCHES)
def test_a_search_with_damaged_state_goes_on_and_keeps_what_ended(
    name: str, damage: Damage, search: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(os.path.normpath(search / name))
    damage(path)
    assert searching.search(SPACE, max_trials=TRIALS + 1) == 0
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len(searching.trained()) == IN_A_SEARCH[name]
    assert rows() == json.loads(Path("whole.json").read_text())
    if path.name in ("oracle.json", "trial.json", "result.json") and damage is not removed:
        assert f"warning: {path} is damaged (" in said


@pytest.mark.parametrize("name", ["trial_0", "trial_3", "workers", "tensorboard"])
def test_a_file_in_the_place_of_a_folder_of_a_search_goes(
    name: str, search: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if (search / name).is_dir():
        removed(search / name)
    (search / name).touch()
    assert searching.search(SPACE, max_trials=TRIALS + 1) == 0
    assert f"warning: {search / name} is damaged (it is not a folder)" in capsys.readouterr().err
    assert len(searching.trained()) == (2 if name == "trial_0" else 1)
    assert rows() == json.loads(Path("whole.json").read_text())


def test_a_result_of_other_values_is_not_taken_for_the_trials_own(search: Path) -> None:
    path = search / "trial_1/result.json"
    result = json.loads(path.read_text())
    path.write_text(json.dumps(result | {"values": {"x": 1.25}, "score": 0.0}))
    (search / "oracle.json").unlink()
    assert searching.search(SPACE, max_trials=TRIALS + 1) == 0
    assert len(searching.trained()) == 2
    assert rows() == json.loads(Path("whole.json").read_text())


@damaged
def test_damaged_notes_of_a_running_trial_are_made_anew(damage: Damage, search: Path) -> None:
    notes = search / "trial_3/attempts.json"
    write_json(notes, {"attempts": 2, "rows": 0})
    damage(notes)
    assert searching.search(SPACE, max_trials=TRIALS + 1) == 0
    assert rows() == json.loads(Path("whole.json").read_text())


# Files of a model and its data, in stages run alone.

READ_BY: dict[str, list[str]] = {
    f"{PROCESSED}/manifest.json": ["stage train --dry-run"],
    f"{MODEL}/hyperparameters.yaml": ["stage train"],
    f"{METRICS}/metrics.json": ["stage summary", "acceptance", "zoo measure", "report"],
    f"{METRICS}/history.csv": ["report"],
    f"{METRICS}/label_errors.json": ["report"],
    f"{METRICS}/predictions.csv": ["report"],
    f"{METRICS}/trials.csv": ["report"],
    f"{MODEL}/train_configuration.yaml": ["report"],
}
# Other names and values in them are mistakes that are named one by one.
MEANINGFUL = (f"{MODEL}/hyperparameters.yaml", f"{METRICS}/metrics.json")
CASES = [
    (name, command, damage)
    for name, commands in READ_BY.items()
    for command in commands
    for damage in DAMAGES
    if not (name in MEANINGFUL and damage is without_history)
]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("name", "command", "damage"), CASES)
def test_a_damaged_file_is_named_with_what_makes_it_again(
    name: str, command: str, damage: Damage, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(Path(name))
    words = command.split()
    status = stages(words[1:]) if words[0] == "stage" else modelyard(words)
    said = sentences(capsys.readouterr().err)
    if command == "report" and (damage in (removed, made_a_folder) or not said):
        assert status == (1 if said else 0)  # it says what is not there
        return
    assert status == 1
    assert len(said) == 1
    gone = f"{METRICS}/metrics.json" == name and damage is removed
    assert name in said[0] or gone
    assert any(way in said[0] for way in ("dvc repro", "train", "move it away"))


@pytest.fixture(name="saved", scope="session")
def _saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a saved model, a description, and a file named like a model."""
    folder = tmp_path_factory.mktemp("saved")
    network().save(folder / "model.keras")
    (folder / "model.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(200))
    write_yaml(folder / "predict_configuration.yaml", {"model": "tiny", "task": "none"})
    return folder


READERS: dict[str, Callable[[Path], object]] = {
    "model.keras": load_intact,
    "model.tflite": LiteModel,
    "predict_configuration.yaml": described,
}


@damaged
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_model_is_named_with_what_makes_it_again(
    name: str, damage: Damage, saved: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(saved / name, tmp_path))
    damage(path)
    if damage is made_a_folder and name == "predict_configuration.yaml":
        with pytest.raises(IsADirectoryError):  # which `finish` says
            READERS[name](path)
        return
    with pytest.raises(UserError, match=r"`dvc (pull|repro)`") as raised:
        READERS[name](path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_intact_model_is_loaded(saved: Path) -> None:
    assert load_intact(saved / "model.keras").name == "tiny"
