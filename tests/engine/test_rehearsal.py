"""Everything that can fail fails before the first epoch, in one sentence with its place."""

import re
from pathlib import Path

import pytest

from src.run import main

from .own_module import NETWORK, own_modules, write_network
from .tiny import METRICS, MODEL

__all__ = ["own_modules"]
pytestmark = pytest.mark.usefixtures("own_modules")

OUTPUTS = 'layers.Dense(class_count, activation="softmax")'
VALUES = 'layers.Dense(hyperparameters["hidden_units"], activation="relu")'
REMEDY = "write @keras.saving.register_keras_serializable() above it"


def changed(old: str, new: str, before: str = "") -> str:
    assert old in NETWORK
    return before + NETWORK.replace(old, new)


UNREGISTERED = """
class Halved(layers.Layer):
    def call(self, values):
        return values / 2
"""
BROKEN_IN_TRAINING = """
@registered("ours")
class Broken(layers.Layer):
    def call(self, values, training=False):
        return values.nothing if training else values
"""
WITHOUT_CONFIG = """
@registered("ours")
class Scaled(layers.Layer):
    def __init__(self, table):
        super().__init__()
        self.table = table

    def call(self, values):
        return values * self.table.factor


class Table:
    factor = 2.0
"""
SUBCLASSED = """
@registered("ours")
class Net(keras.Model):
    def __init__(self, table):
        super().__init__()
        self.table, self.flat = table, layers.Flatten()
        self.last = layers.Dense(table.count, activation="softmax")

    def call(self, values):
        return self.last(self.flat(values))


class Table:
    def __init__(self, count):
        self.count = count


def build_model(config, hyperparameters, input_shape, class_count):
    for name in ("hidden_units", "dropout_rate", "filters"):
        hyperparameters[name]
    return Net(Table(class_count))
"""
BROKEN = {
    "one output too few": (
        changed(OUTPUTS, 'layers.Dense(class_count - 1, activation="softmax")'),
        r"src/models/mine\.py, line 12: the outputs are \(\d+, 2\), but the data has 3 classes; "
        r"end with Dense\(class_count, activation=\"softmax\"\)",
    ),
    "no return": (
        changed("    return keras.Model(images, outputs, name=config.name)\n", ""),
        r"src/models/mine\.py, line 6: build_model returns None; end it with `return keras\.Model",
    ),
    "a name": (
        changed("name=config.name", 'name="my model v1.2"'),
        r"src/models/mine\.py, line 12: the name 'my model v1\.2' of a Functional .* "
        r"'my_model_v1\.2'",
    ),
    "no softmax": (
        changed(OUTPUTS, "layers.Dense(class_count)"),
        r"line 12: the outputs are not probabilities, as they do not sum to 1; end with Dense",
    ),
    "an unregistered layer": (
        changed(VALUES, "Halved()", UNREGISTERED),
        rf"src/models/mine\.py, line 6: .*Keras does not know Halved; {re.escape(REMEDY)}",
    ),
    "a layer that fails in training only": (
        changed(VALUES, "Broken()", BROKEN_IN_TRAINING),
        r"src/models/mine\.py, line 9: the network on a batch in training failed "
        r"\(AttributeError: .*nothing",
    ),
    "a layer without get_config": (
        changed(VALUES, "Scaled(Table())", WITHOUT_CONFIG),
        r"mine\.py.*get_config that returns the arguments of its __init__",
    ),
    "a model of a class without get_config": (
        SUBCLASSED,
        r"get_config that returns the arguments of its __init__",
    ),
    "a lambda": (
        changed(VALUES, "layers.Lambda(lambda values: values / 2)"),
        r"mine\.py, line 12: the network has a Lambda layer .* write a subclass of keras",
    ),
    "an error": (
        changed(VALUES, 'layers.Dense("many")'),
        r"src/models/mine\.py, line 9: build_model\(\) failed \(ValueError: .*many",
    ),
    "an undeclared hyperparameter": (
        changed('hyperparameters["hidden_units"]', 'hyperparameters["hiden_units"]'),
        r"'hiden_units', which is not declared \(did you mean 'hidden_units'",
    ),
    "a loss with a mistake": (
        NETWORK + "\n\ndef loss(config):\n    return lambda y_true, y_pred: y_pred.nothing\n",
        r"src/models/mine\.py, line \d+: .*nothing",
    ),
    "a hook that asks for what nobody has": (
        NETWORK + "\n\ndef optimizer(learning_rat):\n    return 1\n",
        r"mine\.py, line \d+: optimizer takes 'learning_rat'.*may take config, hyperparameters",
    ),
    "a hook without return": (
        NETWORK + "\n\ndef optimizer(config):\n    keras.optimizers.Adam()\n",
        r"mine\.py, line \d+: optimizer returns None",
    ),
    "an optimizer that is none": (
        NETWORK + "\n\ndef optimizer(config):\n    return 'adam'\n",
        r"mine\.py, line \d+: optimizer returns str; return an optimizer of Keras",
    ),
    "metrics that are no list": (
        NETWORK + "\n\ndef metrics(config):\n    return 'accuracy'\n",
        r"mine\.py, line \d+: metrics returns str; return a list",
    ),
    "callbacks of another kind": (
        NETWORK + "\n\ndef callbacks(config):\n    return ['early']\n",
        r"mine\.py, line \d+: callbacks returns 'early'; return a list of callbacks",
    ),
    "a loss that is infinite": (
        NETWORK + "\n\ndef loss(config):\n    return lambda y_true, y_pred: y_pred[:, 0] / 0.0\n",
        r"params\.loss .* not a finite number",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("options", [[], ["--dry-run"]], ids=["train", "dry-run"])
def test_a_mistake_is_one_sentence_with_its_place_before_the_first_epoch(
    what: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text, sentence = BROKEN[what]
    assert main(["train", *options, write_network(text)]) == 1
    said = capsys.readouterr()
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert re.search(sentence, errors[0]), errors[0]
    assert "Traceback" not in said.err
    assert "Epoch" not in said.out
    assert not (MODEL / "model.keras").exists()
    assert not (METRICS / "history.csv").exists()


def test_a_mistake_leaves_its_traceback_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    text, _ = BROKEN["an error"]
    assert main(["train", write_network(text)]) == 1
    assert "(the whole traceback: .checkpoints/error.txt)" in capsys.readouterr().err
    assert "Traceback (most recent call last)" in Path(".checkpoints/error.txt").read_text()


def test_the_rehearsal_changes_nothing_that_is_trained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "params.epochs=2"]) == 0
    rehearsed = (METRICS / "history.csv").read_bytes()
    monkeypatch.setattr(
        "src.trainer.training.rehearse", lambda *_, **__: ["loss", "val_loss", "accuracy"]
    )
    assert main(["train", "params.epochs=2"]) == 0
    assert (METRICS / "history.csv").read_bytes() == rehearsed
    capsys.readouterr()


def test_one_that_the_loss_reads_when_it_is_called_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = changed('    hyperparameters["dropout_rate"], hyperparameters["filters"]\n', "")
    loss = """

def loss(hyperparameters):
    def scaled(y_true, y_pred):
        factor = hyperparameters["dropout_rate"] + hyperparameters["filters"]
        return factor * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    return scaled
"""
    assert main(["train", "params.epochs=1", write_network(text + loss)]) == 0
    assert "never read" not in capsys.readouterr().err


SEARCHED = "tuning.hyperparams.{}.tuning={{tune: true, param_type: float, min: 0.0, max: 0.5}}"


def test_a_searched_hyperparameter_that_nobody_reads_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = changed('    hyperparameters["dropout_rate"], hyperparameters["filters"]\n', "")
    overrides = ["tuning.tune=true", SEARCHED.format("dropout_rate")]
    assert main(["tune", write_network(text), *overrides]) == 1
    said = capsys.readouterr().err
    assert "tuning.hyperparams.dropout_rate is never read by src/models/mine.py" in said
    assert "would only add noise" in said


def test_one_that_is_not_searched_is_only_noted(capsys: pytest.CaptureFixture[str]) -> None:
    text = changed('    hyperparameters["dropout_rate"], hyperparameters["filters"]\n', "")
    assert main(["train", "params.epochs=1", write_network(text)]) == 0
    said = capsys.readouterr().err
    assert "note: models/tiny/config.yaml: tuning.hyperparams.filters is never read" in said
