"""Searches of the tiny project with the stub adapter."""

import shutil
from pathlib import Path
from typing import Any

from modelyard.files import read_csv, read_yaml
from src.run import main

from .tiny import METRICS, MODEL, TINY, write_model

STUB = Path(__file__).with_name("stub_adapter.py")
CHOSEN = MODEL / "hyperparameters.yaml"


def number(low: float, high: float, default: float, **more: Any) -> dict[str, Any]:
    """Declare a number to be searched, whole if its limits are."""
    kind = "int" if isinstance(low, int) else "float"
    tuning = {"tune": True, "param_type": kind, "min": low, "max": high, **more}
    return {"default_value": default, "tuning": tuning}


def choice(*values: Any, **more: Any) -> dict[str, Any]:
    """Declare a choice to be searched, the first value is the default."""
    tuning = {"tune": True, "param_type": "choice", "values": list(values), **more}
    return {"default_value": values[0], "tuning": tuning}


SPACE = {"x": number(0.0, 8.0, 7.0), "y": choice(2, 0, 1), "fixed": {"default_value": "as it is"}}


def search(hyperparams: dict[str, Any] = SPACE, *arguments: str, **tuning: Any) -> int:
    """Run `tune` on a search space with the stub; return its exit status."""
    shutil.copy(STUB, MODEL / "adapter.py")
    return keras_search(hyperparams, *arguments, **tuning)


def epochs_search(hyperparams: dict[str, Any], *arguments: str, **tuning: Any) -> int:
    """Run `tune` by grid with the stub that trains four epochs; return its exit status."""
    shutil.copy(STUB.with_name("epochs_adapter.py"), MODEL / "adapter.py")
    tuning = {"oracle": "grid", "max_trials": 5, **tuning}
    return keras_search(hyperparams, "params.epochs=4", *arguments, **tuning)


def keras_search(hyperparams: dict[str, Any], *arguments: str, **tuning: Any) -> int:
    """Run `tune` on a search space with the model of the project; return its exit status."""
    section = {"tune": True, "max_trials": 6, "hyperparams": hyperparams, **tuning}
    write_model(TINY | {"tuning": section})
    return main(["tune", *arguments])


def trials() -> list[dict[str, str]]:
    """Return trials.csv."""
    return read_csv(METRICS / "trials.csv")


def proposals() -> list[dict[str, str]]:
    """Return the values of all trials, in order."""
    measured = {"trial", "status", "score", "epochs", "seconds", "reason"}
    return [{k: v for k, v in row.items() if k not in measured} for row in trials()]


def trained() -> list[str]:
    """Return what the stub noted, a line a training."""
    return Path("trained.log").read_text().splitlines()


def chosen() -> dict[str, Any]:
    """Return the values that `tune` wrote."""
    return dict(read_yaml(CHOSEN))
