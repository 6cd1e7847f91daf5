"""The search on the tiny Keras model, and on a model of another framework."""

import shutil
from pathlib import Path

import pytest

from modelyard.adapter.loading import adapter_class
from modelyard.config.loading import load_config
from modelyard.errors import UserError
from modelyard.files import read_csv
from src.run import main

from .killing import kept_at_writes
from .searching import CHOSEN, choice, chosen, keras_search, number, proposals, trials
from .tiny import METRICS, MODEL, TINY, snapshot, write_model
from .training import trainer

pytestmark = pytest.mark.usefixtures("workspace")

SPACE = {
    **TINY["tuning"]["hyperparams"],
    "learning_rate": number(0.001, 0.1, 0.01, sampling="log"),
    "hidden_units": choice(8, 32),
}
BACKUPS = "*/trial_*/execution-*"
SEARCHES = Path(".checkpoints/tune/tiny")


def test_train_reaches_the_score_of_the_best_trial() -> None:
    assert keras_search(SPACE, max_trials=3) == 0
    best = min(trials(), key=lambda row: float(row["score"]))
    assert {name: str(value) for name, value in chosen().items()} == proposals()[int(best["trial"])]
    subject, data = trainer()
    subject.train(data)
    assert subject.get_metrics()["val_loss"] == float(best["score"])
    assert len(subject.backup.history) == int(best["epochs"])


def test_only_the_backup_of_the_best_trial_is_kept() -> None:
    assert keras_search(SPACE, max_trials=3, early_stopping=None) == 0
    first = min(trials(), key=lambda row: float(row["score"]))["trial"]
    assert [path.parent.name for path in SEARCHES.glob(BACKUPS)] == [f"trial_{first}"]
    assert keras_search(SPACE, max_trials=2, seed=1) == 0
    assert len(list(SEARCHES.glob(BACKUPS))) == 1
    assert len(list(SEARCHES.glob("*/trial_*/result.json"))) == 5


def test_a_trial_that_hyperband_promotes_ends_like_one_trained_at_once() -> None:
    assert keras_search(SPACE, oracle="hyperband", max_trials=10, tensorboard=True) == 0
    rows = {(row["epochs"], tuple(values.items())): row for row, values in table()}
    promoted = [values for epochs, values in rows if epochs == "15" and ("5", values) in rows]
    assert promoted
    CHOSEN.write_text("\n".join(f"{name}: {value}" for name, value in promoted[0]))
    subject, data = trainer()
    subject.train(data)
    score = float(rows["15", promoted[0]]["score"])
    assert subject.get_metrics()["val_loss"] == score
    assert list(SEARCHES.glob("*/tensorboard/*/execution-0/train/events*"))


def table() -> list[tuple[dict[str, str], dict[str, str]]]:
    return list(zip(trials(), proposals(), strict=True))


def test_a_trial_may_stop_sooner_than_the_training() -> None:
    stop = {"metric": "val_loss", "direction": "max", "patience": 2, "min_delta": 0.0}
    assert keras_search(SPACE, max_trials=1, early_stopping=stop) == 0
    assert trials()[0]["epochs"] == "3"


def test_a_pruned_search_repeats_after_kills_and_train_reaches_its_best(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {nth: tmp_path / f"killed_{nth}" for nth in (90, 120, 135)}
    space = {**SPACE, "hidden_units": choice(32), "learning_rate": choice(0.01, 0.02, 1e-5, 1e-4)}
    pruned = {"oracle": "grid", "max_trials": 4, "pruning": {"after_trials": 2, "after_epochs": 3}}
    with kept_at_writes(kept, workspace / ".checkpoints", monkeypatch):
        assert keras_search(space, **pruned) == 0
    whole, best = without_seconds(), chosen()
    ended = [(row["status"], row["epochs"]) for row in whole]
    assert [status for status, _ in ended] == ["completed", "completed", "pruned", "pruned"]
    assert ended[2:] == [("pruned", "3"), ("pruned", "3")]
    subject, data = trainer()
    subject.train(data)
    assert subject.get_metrics()["val_loss"] == min(float(row["score"]) for row in whole[:2])
    for folder in kept.values():
        shutil.rmtree(workspace / ".checkpoints")
        folder.rename(workspace / ".checkpoints")
        assert keras_search(space, **pruned) == 0
        assert (without_seconds(), chosen()) == (whole, best)


def without_seconds() -> list[dict[str, str]]:
    return [{key: row[key] for key in row if key != "seconds"} for row in trials()]


@pytest.mark.parametrize(
    ("key", "section"),
    [
        ("objective", {"metric": "val_acuracy", "direction": "max"}),
        (
            "early_stopping",
            {"metric": "val_acuracy", "direction": "max", "patience": 1, "min_delta": 0.0},
        ),
    ],
)
def test_a_metric_that_the_model_does_not_report_is_refused_before_the_first_trial(
    key: str, section: dict[str, object], workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tuning = {"tune": True, "max_trials": 2, "hyperparams": SPACE, key: section}
    write_model(TINY | {"tuning": tuning})
    before = snapshot(workspace)
    assert main(["tune"]) == 1
    error = capsys.readouterr().err
    assert f"models/tiny/config.yaml: tuning.{key}.metric is 'val_acuracy'" in error
    assert "did you mean 'val_accuracy'" in error
    assert snapshot(workspace) == before


def test_a_hyperparameter_that_the_model_misses_is_named_before_the_first_trial(
    capsys: pytest.CaptureFixture[str],
) -> None:
    space = {name: entry for name, entry in SPACE.items() if name != "dropout_rate"}
    assert keras_search(space) == 1
    assert "reads the hyperparameter 'dropout_rate'" in capsys.readouterr().err
    assert not SEARCHES.exists()


SCIKIT_LEARN = """
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from src.adapter import AdapterModel


class Neighbours(AdapterModel):
    def data_loader(self):
        folder = self.model_specs.config.input_paths.data
        self.arrays = {
            name: np.load(folder / f"{name}.npy")
            for name in ("train_images", "train_labels", "validation_images", "validation_labels")
        }

    def preprocess(self):
        for name in ("train_images", "validation_images"):
            self.arrays[name] = self.arrays[name].reshape(len(self.arrays[name]), -1) / 255

    def build(self):
        self.model = KNeighborsClassifier(self.hp_values["neighbours"], p=self.hp_values["norm"])

    def train(self):
        self.model.fit(self.arrays["train_images"], self.arrays["train_labels"])

    def get_metrics(self):
        score = self.model.score(self.arrays["validation_images"], self.arrays["validation_labels"])
        return {"accuracy": score}
"""


def test_a_scikit_learn_model_is_tuned_by_the_same_code() -> None:
    (MODEL / "adapter.py").write_text(SCIKIT_LEARN)
    space = {"neighbours": number(1, 30, 30), "norm": choice(2, 1)}
    objective = {"metric": "accuracy", "direction": "max"}
    assert keras_search(space, objective=objective, max_trials=8) == 0
    scores = [float(row["score"]) for row in read_csv(METRICS / "trials.csv")]
    assert len(set(scores)) > 1
    assert max(scores) == 1.0
    assert chosen()["neighbours"] < 30


@pytest.mark.parametrize("count", [0, 2])
def test_an_adapter_file_must_define_one_adapter(count: int) -> None:
    classes = [f"class A{i}(AdapterModel):\n    pass\n" for i in range(count)]
    text = "from src.adapter import AdapterModel\n" + "".join(classes)
    (MODEL / "adapter.py").write_text(text)
    with pytest.raises(UserError, match=f"adapter.py defines {count} subclasses of AdapterModel"):
        adapter_class(load_config())


def test_an_adapter_without_a_mandatory_step_is_refused_by_name() -> None:
    lines = ["from src.adapter import AdapterModel", "class A(AdapterModel):", "    build = print"]
    (MODEL / "adapter.py").write_text("\n".join(lines))
    with pytest.raises(UserError, match=r"adapter\.py: A must define get_metrics and train\."):
        adapter_class(load_config())
