"""The search uses members of KerasTuner that are not public, all of them in one module."""

import ast
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras_tuner
import pytest
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.oracles import BayesianOptimizationOracle, HyperbandOracle

from modelyard.search import internals

USED = {
    keras_tuner.Oracle: (
        "_check_consecutive_failures", "_duplicate", "_get_oracle_fname", "_get_trial_dir",
        "_random_values", "_record_values", "_retry_queue", "_save_trial", "_seed_state",
        "_set_project_dir",
    ),
    BayesianOptimizationOracle: ("_random_state", "_vectorize_trials"),
    HyperbandOracle: ("_brackets", "_get_num_brackets", "_get_num_rounds", "_get_size"),
    BaseTuner: ("_run_and_update_trial", "_try_run_and_update_trial"),
}  # fmt: skip
NAMES = {name for names in USED.values() for name in names}
FILE = Path(internals.__file__)
PROTOCOL = {
    "OracleStub": ("CreateTrial", "EndTrial", "GetSpace", "GetTrial"),
    "messages": ("GetSpaceRequest", "GetTrialRequest"),
}


def oracle(kind: type) -> Any:
    """Return an oracle of KerasTuner, as it makes it itself."""
    parameters = keras_tuner.HyperParameters()
    parameters.Float("x", 0, 1)
    return kind(objective=keras_tuner.Objective("val_loss", "min"), hyperparameters=parameters)


def of_keras_tuner(kind: type, name: str) -> bool:
    """Say whether a member is there; the base class itself cannot be made without `populate`."""
    if kind is BaseTuner:
        return hasattr(kind, name)
    return hasattr(oracle(HyperbandOracle if kind is keras_tuner.Oracle else kind), name)


@pytest.mark.parametrize("kind", USED, ids=lambda kind: kind.__name__)
def test_keras_tuner_has_every_member_that_is_used(kind: type) -> None:
    missing = [name for name in USED[kind] if not of_keras_tuner(kind, name)]
    assert missing == [], (
        f"keras-tuner {version('keras-tuner')} lacks {missing} of {kind.__name__}, which "
        f"{FILE.name} uses as of {internals.CHECKED}"
    )


def test_the_state_has_the_keys_that_are_left_out_of_it() -> None:
    assert set(internals.RECOMPUTED) <= set(oracle(HyperbandOracle).get_state())


def test_the_protocol_has_what_is_used_of_it() -> None:
    class Channel:
        """Notes nothing: a stub asks for a function for each call."""

        def unary_unary(self, *_: object, **__: object) -> None:
            """Return what would make a call."""

    stub: Any = internals.stub(Channel())
    assert [name for name in PROTOCOL["OracleStub"] if not hasattr(stub, name)] == []
    assert [name for name in PROTOCOL["messages"] if not hasattr(internals.messages(), name)] == []
    assert "stop_triggered" in vars(internals.OracleServicer(None))


def test_the_module_uses_these_members_and_no_others() -> None:
    private = {
        node.attr
        for node in ast.walk(ast.parse(FILE.read_text()))
        if isinstance(node, ast.Attribute) and node.attr[0] == "_" and node.attr[1] != "_"
    }
    overridden = {
        node.name
        for node in ast.walk(ast.parse(FILE.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name[0] == "_" and node.name[1] != "_"
    }
    assert private | overridden == NAMES


def test_no_other_module_uses_what_is_not_public() -> None:
    found = []
    for file in sorted(FILE.parents[1].rglob("*.py")):
        if file == FILE:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            private = isinstance(node, ast.Attribute) and node.attr in NAMES
            defined = isinstance(node, ast.FunctionDef) and node.name in NAMES
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if private or defined or module.startswith("keras_tuner.src"):
                found.append(f"{file.name}, line {getattr(node, 'lineno', 0)}")
    assert found == []
