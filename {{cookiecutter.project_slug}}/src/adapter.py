"""Adapters: how the stages train and judge any model, whatever framework it is written in."""
# ruff: noqa: B027  (a step that a model does not need stays empty)

import importlib.util
import math
import numbers
import pickle
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .utils.hyperparameters import Hyperparameters
from .utils.source_name import answer_as_source
from .utils.utils import UserError, whole_file

if TYPE_CHECKING:
    from .utils.schema import Config

STEPS = ("reformat", "data_loader", "preprocess", "build", "train")
MANDATORY = ("__init__", "train", "get_metrics")


@dataclass(frozen=True)
class ModelSpecs:
    """What an adapter has to know besides the hyperparameters.

    Attributes:
        config: the model's configuration.
        seed: fixes initial weights and everything else that is random.
        epochs: how long to train at most.
        folder: where a killed training may leave what it needs to continue; None: nowhere.
        verbose: whether the training may print its own progress.
        tensorboard: where to write TensorBoard logs; None: nowhere.
        split: what `get_metrics` judges by: validation, or in the stage `evaluate` test.
    """

    config: "Config"
    seed: int
    epochs: int
    folder: Path | None = None
    verbose: bool = False
    tensorboard: Path | None = None
    split: str = "validation"


class AdapterModel(ABC):
    """Seven steps, run in this order; a subclass must bring the first and the last two.

    Attributes:
        epochs_trained: epochs behind the metrics; 0 where there are none.
        model: what `save` keeps, if the subclass does not save something else itself.
    """

    epochs_trained = 0
    model: Any = None

    def __init__(self, model_specs: ModelSpecs, hp_values: Hyperparameters) -> None:
        """Keep what the other steps need."""
        self.model_specs, self.hp_values = model_specs, hp_values

    def reformat(self) -> None:
        """Bring the annotations into the form the model expects."""

    def data_loader(self) -> None:
        """Open the data."""

    def preprocess(self) -> None:
        """Transform the data."""

    def build(self) -> None:
        """Build the model."""

    @abstractmethod
    def train(self) -> None:
        """Train the model."""

    @abstractmethod
    def get_metrics(self) -> dict[str, float]:
        """Return the metrics of the trained model by name."""

    def reported(self) -> list[str] | None:
        """Return the names of the metrics after `build`, None if only training tells."""
        return None

    def save(self, folder: Path) -> None:
        """Write the trained model: a pickle of `self.model`, `model.pkl`.

        A pickle is code that runs when it is loaded: load only your own.
        """
        if self.model is None:
            raise UserError(
                f"{type(self).__name__} of adapter.py has no self.model to save after `train`; "
                "set it there, or define save(folder) and load(folder)."
            )
        with whole_file(folder / "model.pkl") as temporary, temporary.open("wb") as file:
            pickle.dump(self.model, file)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote, in place of `build` and `train`."""
        path = folder / "model.pkl"
        if not path.is_file():
            raise UserError(f"{path} does not exist; train it first with `dvc repro`.")
        self.model = pickle.loads(path.read_bytes())  # noqa: S301  (the user's own, from `train`)


def run_steps(adapter: AdapterModel, *, until: str = STEPS[-1]) -> None:
    """Run the steps in order, up to and including one of them."""
    for step in STEPS[: STEPS.index(until) + 1]:
        getattr(adapter, step)()


def checked_metrics(metrics: Any, config: "Config", *, finite: bool = True) -> dict[str, float]:
    """Return what `get_metrics` returned with every number as a float.

    Raises:
        UserError: it is no dict, is empty, or holds what is no real number; unless `finite` is
            false, neither NaN nor infinity.
    """
    what = f"{adapter_file(config) or 'src/keras_adapter.py'}: get_metrics returned"
    if not isinstance(metrics, dict) or not metrics:
        example = "{'val_accuracy': 0.928}"
        raise UserError(f"{what} {metrics!r}; return a dict of real numbers such as {example}.")
    for name, value in metrics.items():
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not isinstance(name, str) or not real or (finite and not math.isfinite(value)):
            raise UserError(
                f"{what} {value!r} for {name!r}; return a real number, such as 0.928, by its name."
            )
    return {name: float(value) for name, value in metrics.items()}


def adapter_file(config: "Config") -> Path | None:
    """Return models/<model>/adapter.py if the model brings one."""
    path = config.file.with_name("adapter.py")
    return path if path.is_file() else None


def adapter_class(config: "Config") -> type[AdapterModel]:
    """Return the adapter that a model brings, else the one for Keras.

    A plain class named AdapterModel, as ZazuML has it, will do: it gets the steps that it lacks.

    Raises:
        UserError: the model's adapter.py does not define exactly one subclass of AdapterModel, or
            the subclass lacks a step that every adapter must bring.
    """
    path = adapter_file(config)
    if path is None:
        from .keras_adapter import KerasAdapter

        return KerasAdapter
    module = _load(path)
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    found = [value for value in own if issubclass(value, AdapterModel)]
    plain = [value for value in own if value.__name__ == AdapterModel.__name__]
    if not found and len(plain) == 1:
        return _completed(path, plain[0])
    if len(found) != 1:
        raise UserError(f"{path} defines {len(found)} subclasses of AdapterModel; it must be one.")
    _refuse_missing(path, found[0], sorted(found[0].__abstractmethods__))
    return found[0]


def _completed(path: Path, plain: type) -> type[AdapterModel]:
    """Return a plain class with the steps that it lacks."""
    _refuse_missing(path, plain, [name for name in MANDATORY if not _defines(plain, name)])
    return type(plain.__name__, (plain, AdapterModel), {"__module__": plain.__module__})


def _defines(plain: type, name: str) -> bool:
    return getattr(plain, name, None) is not getattr(object, name, None)


def _refuse_missing(path: Path, found: type, missing: list[str]) -> None:
    if missing:
        raise UserError(f"{path}: {found.__name__} must define {' and '.join(missing)}.")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{__package__}.{path.parent.name}_adapter", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is no Python module.")
    answer_as_source()
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a pickle finds the adapter's classes by this name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module
