"""What `params` may say of a training, and that a killed one repeats it exactly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from modelyard.config.hyperparameters import Hyperparameters
from modelyard.config.loading import load_config
from modelyard.config.training_section import Cosine, Exponential, Piecewise, ReduceOnPlateau
from modelyard.config.tuning_section import EarlyStopping
from modelyard.errors import UserError
from modelyard.files import read_csv
from modelyard.recipe.schedules import plateau, share_after
from modelyard.training.backup import TrainingBackup, open_backup
from src.data.data_provider import DataProvider
from src.run import main
from src.trainer import ModelTrainer

from .own_module import NETWORK, own_modules, write_network
from .tiny import METRICS, MODEL
from .training import trainer

__all__ = ["own_modules"]
pytestmark = pytest.mark.usefixtures("own_modules")

BATCHNORM = NETWORK.replace(
    "outputs = ",
    "values = layers.Dropout(0.3)(layers.BatchNormalization()(values))\n    outputs = ",
)
HOOKS = """

def optimizer(config, hyperparameters):
    return keras.optimizers.SGD(hyperparameters["learning_rate"], momentum=0.5)


@registered("ours")
class Margin(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return 2 * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def loss(config, class_count):
    return Margin(name="margin")


def sureness(y_true, y_pred):
    return keras.ops.max(y_pred, axis=-1)


def metrics(config):
    return ["accuracy", sureness]


class Counter(keras.callbacks.Callback):
    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        Counter.epochs += 1


def callbacks(config):
    return [Counter()]
"""
WEIGHTS = {"name": "adamw", "weight_decay": 0.01, "clipnorm": 1.0}
SETTINGS: dict[str, dict[str, Any]] = {
    "momentum": {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}},
    "weight decay, clipping": {"optimizer": WEIGHTS},
    "cosine with warm-up": {"schedule": {"name": "cosine", "warmup_epochs": 1.5}},
    "exponential": {"schedule": {"name": "exponential", "factor": 0.5}},
    "piecewise": {"schedule": {"name": "piecewise", "epochs": [1, 3], "factors": [0.1, 0.01]}},
    "plateau": {"schedule": {"name": "reduce_on_plateau", "patience": 1}},
    "accumulation": {"gradient_accumulation": 3},
    "average": {"ema": 0.9},
    "smoothing": {"label_smoothing": 0.1},
    "balanced": {"class_weight": "balanced"},
    "by name": {"class_weight": {"rows": 3}},
    "float16": {"mixed_precision": "float16"},
    "bfloat16": {"mixed_precision": "bfloat16"},
    "all": {"mixed_precision": "float16", "schedule": "cosine", "ema": 0.9,
            "gradient_accumulation": 2, "optimizer": WEIGHTS},
}  # fmt: skip
# Settings that one training may have at once.
TOGETHER = [
    "momentum; exponential; smoothing",
    "weight decay, clipping; piecewise; by name",
    "plateau; accumulation; bfloat16",
    "cosine with warm-up; balanced; average",
    "float16",
    "all",
]


def new(architecture: Any = "architecture=mine", **params: Any) -> tuple[ModelTrainer, Any]:
    """Return a trainer of another architecture, and its data."""
    overrides = {f"params.{key}": value for key, value in params.items()}
    config: Any = load_config(
        overrides={"architecture": architecture.partition("=")[2]} | overrides
    )
    data = DataProvider(config)
    data.get_data()
    names = {name: entry.default_value for name, entry in config.tuning.hyperparams.items()}
    return ModelTrainer(config, Hyperparameters(names)), data


class KilledError(Exception):
    """Stands for the kill."""


def killed_after(epoch: int) -> Callable[..., None]:
    whole = TrainingBackup.on_epoch_end

    def on_epoch_end(self: TrainingBackup, number: int, logs: Any = None) -> None:
        whole(self, number, logs)
        if number == epoch:
            raise KilledError

    return on_epoch_end


def same(first: ModelTrainer, second: ModelTrainer) -> None:
    """Compare weights, the optimizer's state and the history of two trainers, to the bit."""
    for one, other in zip(
        [*first.model.variables, *first.model.optimizer.variables],
        [*second.model.variables, *second.model.optimizer.variables],
        strict=True,
    ):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes(), one.path
    assert first.backup.history == second.backup.history


def folder(**params: Any) -> Path:
    """Return where the backup of a training lies."""
    config: Any = load_config(overrides={f"params.{key}": value for key, value in params.items()})
    return open_backup(config, Hyperparameters({})).folder


@pytest.mark.parametrize("what", SETTINGS)
def test_the_backup_of_a_training_with_other_settings_is_another(what: str) -> None:
    assert folder(**SETTINGS[what]) == folder(**SETTINGS[what]) != folder()


@pytest.mark.parametrize("names", TOGETHER)
def test_a_killed_training_ends_like_an_uninterrupted_one_and_its_model_is_used(
    names: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_network(BATCHNORM)
    params = {key: value for name in names.split("; ") for key, value in SETTINGS[name].items()}
    settings = {"epochs": 4, "early_stopping.patience": 9, **params}
    whole, data = new(**settings)
    whole.train(data)
    whole.backup.clear()
    with monkeypatch.context() as patch:
        patch.setattr(TrainingBackup, "on_epoch_end", killed_after(1))
        killed, data = new(**settings)
        with pytest.raises(KilledError):
            killed.train(data)
    resumed, data = new(**settings)
    assert len(resumed.backup.history) == 2
    resumed.train(data)
    same(whole, resumed)
    resumed.save(data)
    is_judged_and_used(data, params)
    assert "test: " in capsys.readouterr().out


def is_judged_and_used(data: DataProvider, params: dict[str, Any]) -> None:
    keras.config.set_dtype_policy("float32")  # as in a process of its own
    saved = keras.models.load_model(MODEL / "model.keras")  # by plain Keras
    images = np.concatenate([images for images, _ in data.test])
    kept = np.load(MODEL / "test_predictions.npy")
    assert saved.predict(images, verbose=0) == pytest.approx(kept, abs=1e-6)
    assert {layer.compute_dtype for layer in saved.layers} == {"float32"}
    overrides = [f"params.{key}={value}" for key, value in params.items()]
    assert main(["evaluate", "architecture=mine", *overrides]) == 0


def test_the_average_is_what_is_judged_and_kept() -> None:
    write_network(BATCHNORM)
    subject, data = new(epochs=3, ema=0.9)
    subject.train(data)
    losses = [float(row["val_loss"]) for row in read_csv(METRICS / "history.csv")]
    assert subject.evaluate(data.validation)["loss"] == pytest.approx(min(losses), rel=1e-4)


def test_arguments_reach_the_optimizer() -> None:
    subject, _ = trainer(
        optimizer={"name": "SGD", "momentum": 0.25, "clipnorm": 2.0}, gradient_accumulation=4,
        ema=0.5,
    )  # fmt: skip
    found = subject.model.optimizer
    assert isinstance(found, keras.optimizers.SGD)
    assert (found.momentum, found.clipnorm, found.gradient_accumulation_steps) == (0.25, 2.0, 4)
    assert (found.use_ema, found.ema_momentum) == (True, 0.5)
    assert float(found.learning_rate) == pytest.approx(0.01)


def test_a_hyperparameter_named_params_takes_the_place_of_a_key() -> None:
    config: Any = load_config(overrides={"params.optimizer": "sgd"})
    values = {"params.label_smoothing": 0.1, "params.optimizer.momentum": 0.5}
    tuned = config.tuned(values)
    assert tuned.params.label_smoothing == 0.1
    assert tuned.params.optimizer == {"name": "sgd", "momentum": 0.5}
    assert config.params.label_smoothing == 0.0
    assert tuned.written is config


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Cosine(name="cosine"), [1, 0.5, 0]),
        (Cosine(name="cosine", final_share=0.5), [1, 0.75, 0.5]),
        (Cosine(name="cosine", warmup_epochs=2.0), [1, 0.69134, 0]),
        (Exponential(name="exponential", factor=0.5), [1, 0.03125, 0.0009765625]),
        (Piecewise(name="piecewise", epochs=[5, 10], factors=[0.1, 0.2]), [1, 0.1, 0.2]),
    ],
)
def test_a_schedule_is_a_function_of_the_epochs_that_have_passed(
    schedule: Any, expected: list[float]
) -> None:
    found = [share_after(schedule, 10, passed) for passed in (0, 5, 10)]
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_plateau_lowers_the_rate_by_what_the_history_says() -> None:
    stop = EarlyStopping(metric="val_loss", direction="min", patience=9, min_delta=0.0)
    schedule = ReduceOnPlateau(name="reduce_on_plateau", patience=2, least_share=0.2)
    losses = [3.0, 2.0, 2.5, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0]
    shares = [
        plateau(schedule, stop, [{"val_loss": loss} for loss in losses[:count]])
        for count in range(len(losses) + 1)
    ]
    assert shares == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2]


def test_a_warm_up_rises_step_by_step_to_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    subject, data = trainer(
        epochs=3, schedule={"name": "exponential", "factor": 1, "warmup_epochs": 1}
    )
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda *_, **__: seen.append(
            float(subject.model.optimizer.learning_rate)
        )
    )
    monkeypatch.setattr(
        type(subject),
        "callbacks",
        lambda self, data, _: [*self.recipe.callbacks(data, self.backup), record],
    )
    subject.fit(data, verbose=False)
    steps = len(seen) // 3
    assert seen[:steps] == pytest.approx([0.01 * (n + 1) / steps for n in range(steps)])
    assert seen[steps:] == pytest.approx([0.01] * 2 * steps)


def test_balanced_weights_give_every_class_the_same_sum() -> None:
    subject, _ = trainer(class_weight="balanced")
    counts = subject.manifest.counts["train"]
    weights = subject.recipe.class_weight
    assert weights is not None
    sums = [weights[n] * counts[name] for n, name in enumerate(subject.manifest.classes)]
    assert sums == pytest.approx([sums[0]] * 3)
    by_name = trainer(class_weight={"rows": 3})[0].recipe.class_weight
    assert by_name == {0: 1.0, 1: 1.0, 2: 3.0}


def test_what_the_module_defines_is_used_in_place_of_params() -> None:
    write_network(NETWORK + HOOKS)
    subject, data = new(
        epochs=2, **{"early_stopping.metric": "val_sureness", "early_stopping.direction": "max"}
    )
    subject.train(data)
    optimizer = subject.model.optimizer
    assert isinstance(optimizer, keras.optimizers.SGD)
    assert optimizer.momentum == 0.5
    assert set(subject.get_metrics()) == {
        f"{p}{n}" for p in ("", "val_") for n in ("loss", "accuracy", "sureness")
    }
    assert type(subject.recipe.loss()).__name__ == "Margin"
    assert subject.recipe.own.find("Counter").epochs == 2
    subject.save(data)
    assert not keras.models.load_model(MODEL / "model.keras").compiled  # needs no module
    assert main(["evaluate", "architecture=mine"]) == 0


def test_params_may_name_a_loss_and_a_metric_of_the_module() -> None:
    text = HOOKS.replace("def loss(", "def _loss(").replace("def metrics(", "def _metrics(")
    write_network(NETWORK + text)
    subject, data = new(epochs=1, loss="Margin", metrics=["accuracy", "sureness"])
    subject.train(data)
    assert "val_sureness" in subject.get_metrics()
    assert type(subject.model.loss).__name__ == "Margin"


FROZEN = {"freeze": {"layers": ["dense"]}, "epochs": 4, "early_stopping.patience": 9}


@pytest.fixture(scope="module", name="saved")
def _saved() -> list[bytes]:
    """The saved model that `pretrained` has trained, once it has."""
    return []


@pytest.fixture
def pretrained(saved: list[bytes]) -> str:
    """Return where a trained model of the architecture lies."""
    write_network(BATCHNORM)
    if not saved:
        subject, data = new(epochs=2)
        subject.train(data)
        subject.save(data)
        saved.append((MODEL / "model.keras").read_bytes())
    Path("before.keras").write_bytes(saved[0])
    return "before.keras"


def kernel(subject: ModelTrainer) -> np.ndarray:
    return np.asarray(subject.model.get_layer("dense").kernel)


def test_a_training_begins_with_saved_weights(
    pretrained: str, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = keras.models.load_model(pretrained).get_layer("dense").kernel
    subject, data = new(initial_weights=pretrained, epochs=1)
    assert (kernel(subject) == np.asarray(expected)).all()
    subject.train(data)
    assert "begins with 8 of 8 weights of before.keras." in capsys.readouterr().out
    assert (kernel(subject) != np.asarray(expected)).any()


def test_frozen_layers_learn_from_the_epoch_that_is_named_and_not_before(
    pretrained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**FROZEN, "initial_weights": pretrained, "ema": 0.5}
    settings["freeze"] = {"layers": ["dense"], "unfreeze_at_epoch": 3}
    whole, data = new(**settings)
    before, seen = kernel(whole), []
    whole_end = TrainingBackup.on_epoch_end

    def on_epoch_end(self: TrainingBackup, number: int, logs: Any = None) -> None:
        whole_end(self, number, logs)
        seen.append(float(np.abs(np.asarray(self.model.get_layer("dense").kernel) - before).max()))

    with monkeypatch.context() as patch:
        patch.setattr(TrainingBackup, "on_epoch_end", on_epoch_end)
        whole.train(data)
    assert seen[:2] == pytest.approx([0, 0], abs=1e-6)
    assert min(seen[2:]) > 1e-4
    whole.backup.clear()
    for epoch in (0, 2):  # killed while frozen, and after
        with monkeypatch.context() as patch:
            patch.setattr(TrainingBackup, "on_epoch_end", killed_after(epoch))
            with pytest.raises(KilledError):
                new(**settings)[0].train(data)
        resumed, data = new(**settings)
        assert len(resumed.backup.history) == epoch + 1
        resumed.train(data)
        same(whole, resumed)
        resumed.backup.clear()


def test_frozen_for_ever_a_layer_stays_as_it_was(pretrained: str) -> None:
    subject, data = new(**FROZEN, initial_weights=pretrained)
    before = kernel(subject)
    subject.train(data)
    assert (kernel(subject) == before).all()
    subject.save(data)
    assert main(["evaluate", "architecture=mine"]) == 0


def test_weights_of_another_last_layer_are_left_at_random_and_named(
    pretrained: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = BATCHNORM.replace(
        "outputs = layers.Dense(", 'outputs = layers.Dense(name="last", units='
    )
    write_network(named, "other")
    subject, data = new("architecture=other", initial_weights=pretrained, epochs=1)
    subject.train(data)
    said = capsys.readouterr().out
    assert "begins with 6 of 8 weights of before.keras; at random: last/kernel" in said


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no file": ({"initial_weights": "models/none.keras"}, "is not a file; name a .keras file"),
    "no official model": ({"initial_weights": "nobody"}, "no official model of that name"),
    "no backbone": ({"initial_weights": "imagenet"}, "has no backbone with such weights"),
    "freeze at random": ({"freeze": {"layers": ["dense"]}}, "or remove freeze"),
    "smoothing": ({"label_smoothing": 0.1, "loss": "mse"}, "works with params.loss sparse_cat"),
    "no class": ({"class_weight": {"row": 2}}, "'row', which is not a class (did you mean"),
    "devices": ({"devices": 7}, "params.devices is 7, but this machine has "),
    "an argument": ({"optimizer": {"name": "sgd", "momentun": 1}}, "did you mean 'momentum'"),
    "a value": ({"optimizer": {"name": "sgd", "momentum": 7}}, "Keras refuses {'momentum': 7}"),
    "XLA": ({"jit_compile": True}, "jit_compile is true, but TensorFlow has no deterministic XLA"),
    "a schedule": ({"schedule": "cosin"}, "did you mean 'cosine'"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_in_one_sentence(what: str) -> None:
    settings, sentence = REFUSED[what]
    with pytest.raises(UserError) as raised:
        trainer(**settings)[0].check(trainer()[1])
    assert sentence in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def _check(settings: dict[str, Any]) -> None:
    subject, data = new(**settings)
    subject.check(data)


@pytest.mark.parametrize(
    ("text", "settings", "sentence"),
    [
        (HOOKS, {"ema": 0.5}, "params.ema is 0.5, but src/models/mine.py defines optimizer()"),
        (
            "\n\ndef callbacks(config):\n    return [keras.callbacks.ReduceLROnPlateau()]\n",
            {"schedule": "cosine"},
            "both set the learning rate, remove one of them",
        ),
        (
            "\n\ndef optimizer(config):\n    rate = keras.optimizers.schedules.CosineDecay(1, 9)\n"
            "    return keras.optimizers.Adam(rate)\n",
            {"schedule": "cosine"},
            "params.schedule",
        ),
    ],
    ids=["ema", "plateau", "schedule"],
)
def test_what_params_and_the_module_both_decide_is_refused(
    text: str, settings: dict[str, Any], sentence: str
) -> None:
    write_network(NETWORK + text)
    with pytest.raises(UserError, match=r"^[^\n]+$") as raised:
        _check(settings)
    assert sentence in str(raised.value)
