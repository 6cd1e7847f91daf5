import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.config.loading import load_project
from modelyard.config.tuning_section import EarlyStopping
from modelyard.data.preparing import prepare_data as prepare
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_json, write_yaml
from modelyard.training.backup import TrainingBackup
from src.run import main
from src.trainer import ModelTrainer

from .conftest import ROOT
from .tiny import METRICS, MODEL
from .training import trainer


def saved_weights() -> bytes:
    with zipfile.ZipFile(MODEL / "model.keras") as file:
        return file.read("model.weights.h5")


def test_a_killed_training_continues_and_ends_like_an_uninterrupted_one(
    trained: Path,
) -> None:
    whole, history = saved_weights(), (METRICS / "history.csv").read_bytes()
    (MODEL / "model.keras").unlink()
    (METRICS / "history.csv").unlink()
    log = trained / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "src.run", "train"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )
        while "Epoch 5/" not in log.read_text() and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not (MODEL / "model.keras").exists()
    state = next(Path(".checkpoints/train/tiny").glob("*/state.json"))
    assert len(json.loads(state.read_text())["history"]) >= 4
    assert main(["train"]) == 0
    assert saved_weights() == whole
    assert (METRICS / "history.csv").read_bytes() == history
    assert not Path(".checkpoints/train/tiny").exists()


def with_other_parameters() -> ModelTrainer:
    return trainer(batch_size=4)[0]


def with_other_hyperparameters() -> ModelTrainer:
    path = MODEL / "hyperparameters.yaml"
    write_yaml(path, {**read_yaml(path), "dropout_rate": 0.5})
    return trainer()[0]


def with_other_data() -> ModelTrainer:
    prepare(load_project({"data.seed": 2}).data)
    return trainer()[0]


def with_other_code() -> ModelTrainer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("modelyard.pipeline.identity.code_files", lambda: {"src/trainer.py": "other"})
        return trainer()[0]


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "other",
    [with_other_parameters, with_other_hyperparameters, with_other_data, with_other_code],
    ids=lambda function: function.__name__,
)
def test_a_backup_serves_an_equal_training_only(other: Callable[[], ModelTrainer]) -> None:
    killed, _ = trainer()
    history = [{"val_loss": 1.0}]
    write_json(killed.backup.folder / "state.json", {"history": history})
    assert trainer()[0].backup.history == []  # a copy that lacks the weights it names
    (killed.backup.folder / "epoch-0.npz").touch()
    assert trainer()[0].backup.history == history
    assert other().backup.history == []


@pytest.mark.usefixtures("workspace")
def test_a_training_killed_before_it_was_saved_is_not_trained_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):
        subject, data = trainer(epochs=2)
        subject.train(data)
    assert capsys.readouterr().out.count("Training tiny") == 1
    subject.save(data)
    assert (MODEL / "model.keras").is_file()


@pytest.mark.usefixtures("workspace")
def test_a_failing_export_leaves_no_model_and_the_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    subject, data = trainer(epochs=1)
    subject.train(data)
    monkeypatch.setattr(subject.model, "export", fail)
    with pytest.raises(OSError, match="disk full"):
        subject.save(data)
    assert not (MODEL / "model.keras").exists()
    assert len(trainer(epochs=1)[0].backup.history) == 1


def train_under_dvc(epochs: int = 2) -> str:
    """Train and save as a stage of DVC does; return the MD5 of the model, which DVC records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_STAGE", "train")
        subject, data = trainer(epochs=epochs)
        subject.train(data)
        subject.save(data)
    return hashlib.md5((MODEL / "model.keras").read_bytes(), usedforsecurity=False).hexdigest()


@pytest.mark.usefixtures("workspace")
def test_a_training_killed_before_dvc_recorded_it_is_saved_again_not_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    train_under_dvc()
    weights, history = saved_weights(), (METRICS / "history.csv").read_bytes()
    (MODEL / "model.keras").unlink()  # as DVC does before it starts a stage again
    assert "is only saved again" not in capsys.readouterr().err
    train_under_dvc()
    said = capsys.readouterr()
    assert "Epoch" not in said.out
    assert said.err.splitlines()[-1] == (
        "note: this training had ended before it was recorded and is only saved again; "
        "remove .checkpoints/train/tiny to train anew."
    )
    assert saved_weights() == weights
    assert (METRICS / "history.csv").read_bytes() == history


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("ending", ["another training", "evaluate"])
def test_a_recorded_training_leaves_no_backup_and_a_forced_one_trains(ending: str) -> None:
    digest = train_under_dvc()
    lock = MODEL / "dvc.lock"
    lock.write_text("- path: models/tiny/model.keras\n  md5: 0123\n")
    assert len(trainer(epochs=2)[0].backup.history) == 2  # what DVC knows is older
    lock.write_text(f"- path: models/tiny/model.keras\n  md5: {digest}\n")
    if ending == "evaluate":
        assert main(["evaluate", "params.epochs=2"]) == 0
        assert not Path(".checkpoints/train/tiny").exists()
    assert trainer(epochs=2)[0].backup.history == []
    assert not Path(".checkpoints/train/tiny").exists()


@pytest.mark.usefixtures("workspace")
def test_only_the_last_training_of_a_model_keeps_a_backup() -> None:
    train_under_dvc(epochs=2)
    train_under_dvc(epochs=1)
    assert len(list(Path(".checkpoints/train/tiny").glob("*/state.json"))) == 1
    subject, data = trainer(epochs=1)  # by hand: nothing is to record it
    subject.train(data)
    subject.save(data)
    assert not Path(".checkpoints/train/tiny").exists()


@pytest.mark.usefixtures("workspace")
def test_a_later_training_of_a_model_ends_an_earlier_one() -> None:
    earlier, data = trainer(epochs=2)
    earlier.train(data)
    later, _ = trainer(epochs=3)
    later.backup.claim()
    steps: list[Callable[[], None]] = [
        lambda: earlier.save(data),
        lambda: earlier.backup.on_epoch_end(2, {"val_loss": 0.0}),
    ]
    for step in steps:
        with pytest.raises(UserError, match=r"A later training of tiny took over; this one ends\."):
            step()
    assert not (MODEL / "model.keras").exists()
    later.train(data)
    later.save(data)


@pytest.mark.parametrize(
    ("direction", "min_delta", "values", "best"),
    [
        ("min", 0.0, [3, 1, 2, 1], 1),
        ("max", 0.0, [1, 3, 2, 3], 1),
        ("min", 0.5, [3, 2.8, 2.4, 2.2], 2),
        ("max", 0.5, [1, 1.2, 1.6, 1.8], 2),
    ],
)
def test_the_best_epoch_is_the_first_that_none_beats_by_min_delta(
    direction: str, min_delta: float, values: list[float], best: int, tmp_path: Path
) -> None:
    stop = {"metric": "score", "direction": direction, "patience": 2, "min_delta": min_delta}
    backup = TrainingBackup(tmp_path, tmp_path, EarlyStopping.model_validate(stop))
    backup.history = [{"score": value} for value in values]
    assert backup.best_epoch == best
    assert backup.finished(epochs=100) == (len(values) - 1 - best >= 2)
    assert backup.finished(epochs=len(values))
