"""What `check` knows of Keras without TensorFlow is what the installed Keras has."""

import inspect

import keras
import pytest
from keras.src import losses, metrics  # what `keras.losses.get` and `keras.metrics.get` know

from modelyard.config.keras_names import LOSSES, METRICS, OPTIMIZERS, SHARED, plain
from src.run import main

NOT_FOR_A_NAME = {"LossScaleOptimizer", "MultiOptimizer", "Optimizer", "OptimizerMap"}
BASES = {"loss", "lossfunctionwrapper", "metric", "meanmetricwrapper"}
ABBREVIATIONS = {"kld", "kldivergence"}


def test_every_optimizer_is_known_with_its_arguments() -> None:
    found = {}
    for name, kind in vars(keras.optimizers).items():
        if isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer):
            arguments = [*inspect.signature(kind).parameters]
            found[name] = set(arguments) - {"learning_rate", "kwargs", *SHARED}
    found = {name.lower(): own for name, own in found.items() if name not in NOT_FOR_A_NAME}
    assert {name: set(own) for name, own in OPTIMIZERS.items()} == found


@pytest.mark.parametrize(
    ("known", "module"), [(LOSSES, losses), (METRICS, metrics)], ids=["losses", "metrics"]
)
def test_every_loss_and_metric_is_known(known: tuple[str, ...], module: object) -> None:
    keras_has = {plain(name) for name in module.ALL_OBJECTS_DICT}  # type: ignore[attr-defined]
    ours = {plain(name) for name in known} - {"accuracy"}
    assert ours - keras_has - ABBREVIATIONS == set()
    assert keras_has - ours - BASES - ABBREVIATIONS - {"accuracy"} == set()


@pytest.mark.usefixtures("workspace")
def test_a_typing_error_is_refused_by_check(capsys: pytest.CaptureFixture[str]) -> None:
    for override in ("params.optimizer=adamwx", "params.loss=mea_squared_error"):
        assert main(["check", override]) == 1
        assert "did you mean" in capsys.readouterr().err
