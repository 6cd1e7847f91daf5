"""Why a trial failed: the error's own words, and the place in the project's code."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from modelyard.config import Hyperparameters
from modelyard.config.own_code import reason
from modelyard.errors import UserError

from .searching import choice, search, trials
from .tiny import MODEL

pytestmark = pytest.mark.usefixtures("workspace")

MODULE = """
import keras
import tensorflow as tf


class Wide(keras.layers.Layer):
    def call(self, x):
        if self.name == "python":
            raise ValueError("cannot widen\\\\nthis")
        if self.name == "shapes":
            return tf.matmul(x, tf.zeros((3, 3)))
        return tf.gather(x, tf.cast(tf.reduce_sum(x) * 0 + 9, tf.int32), axis=1)[:, None]


def raises(error):
    raise error


def mapped(x, y):
    raise RuntimeError("in the pipeline")


def empty():
    assert 1 > 2


def imports():
    import nothing_of_this_name
"""


@pytest.fixture
def module(workspace: Path) -> dict[str, Any]:
    """Return what a module of the project defines."""
    file = workspace / "src/models/wide.py"
    file.parent.mkdir(parents=True)
    file.write_text(MODULE)
    found: dict[str, Any] = {"__name__": "wide"}
    exec(compile(MODULE, str(file), "exec"), found)  # noqa: S102
    return found


def line(text: str) -> str:
    number = next(i for i, one in enumerate(MODULE.splitlines(), 1) if text in one)
    return f"src/models/wide.py:{number}"


def failed(function: Any, *arguments: Any) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function(*arguments)
    assert isinstance(caught.value, Exception)
    return reason(caught.value)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("\n  cannot\t do \nit"), "ValueError: cannot do"),
        (KeyError("width"), "KeyError: 'width'"),
        (KeyError("no such column\nin the table"), "KeyError: no such column"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (MemoryError("3 GB"), "out of memory: 3 GB"),
        (UserError("Write it otherwise."), "Write it otherwise."),
        (OSError(28, "No space left", "file"), "OSError: [Errno 28] No space left: 'file'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_one_line_and_the_place_that_raised_it(
    error: Exception, says: str, module: dict[str, Any]
) -> None:
    assert failed(module["raises"], error) == f"{says} ({line('raise error')})"


def test_a_mistake_that_the_engine_names_says_itself_where_to_mend_it() -> None:
    said = failed(lambda: Hyperparameters({"width": 1})["widht"])
    assert said.startswith("The model reads the hyperparameter 'widht'")
    assert said.endswith("config.yaml.")


def test_an_assertion_without_words_is_its_place(module: dict[str, Any]) -> None:
    assert failed(module["empty"]) == f"AssertionError ({line('assert 1 > 2')})"


def test_a_missing_module_is_explained_as_anywhere_else(module: dict[str, Any]) -> None:
    said = failed(module["imports"])
    number = line("import nothing").partition(":")[2]
    assert said.startswith(f"src/models/wide.py, line {number}: there is no module 'nothing_of_th")


@pytest.mark.parametrize(
    ("layer", "says", "place"),
    [
        ("python", "ValueError: cannot widen", "raise ValueError"),
        ("shapes", "ValueError: Dimensions must be equal, but are 5 and 3 for", "tf.matmul"),
        ("values", "InvalidArgumentError: indices = 9 is not in [0, 5)", "tf.gather"),
    ],
)
def test_of_keras_and_tensorflow_the_sentence_and_the_projects_own_line_are_kept(
    layer: str, says: str, place: str, module: dict[str, Any]
) -> None:
    def fit() -> None:
        model = keras.Sequential([keras.Input((5,)), module["Wide"](name=layer)])
        model.add(keras.layers.Dense(1))
        model.compile("sgd", "mse")
        model.fit(np.ones((4, 5)), np.ones((4, 1)), verbose=0)

    said = failed(fit)
    assert said.startswith(says)
    assert said.endswith(f" ({line(place)})")
    assert len(said.splitlines()) == 1
    assert "[Op:" not in said


def test_an_error_in_a_dataset_that_tensorflow_has_rewritten_is_found(
    module: dict[str, Any],
) -> None:
    data = tf.data.Dataset.from_tensor_slices(([1.0], [2.0]))
    said = failed(data.map, module["mapped"])
    assert said == f"RuntimeError: in the pipeline ({line('raise RuntimeError')})"


def test_a_long_error_is_cut(module: dict[str, Any]) -> None:
    said = failed(module["raises"], ValueError("long " * 200))
    assert said.endswith(f"… ({line('raise error')})")
    assert len(said) < 400


def test_a_failing_trial_prints_one_line_and_keeps_the_traceback_in_its_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    space = {"x": choice(3), "fate": choice("fine", "raises")}
    assert search(space, oracle="grid", max_failed_share=0.5) == 0
    said = capsys.readouterr()
    assert said.err == ""
    line = next(one for one in said.out.splitlines() if one.startswith("[2/2]"))
    assert line.startswith("[2/2] trial 1: failed: ZeroDivisionError: by the optimizer (models/ti")
    assert trials()[1]["reason"] in line
    assert len(said.out.splitlines()) == 4
    (file,) = Path(".checkpoints/tune/tiny").glob("*/trial_1/error.txt")
    assert "Traceback (most recent call last)" in file.read_text()
    assert str(MODEL / "adapter.py") in file.read_text()
