"""Adapters: how the search trains any model, whatever framework it is written in."""
# ruff: noqa: B027  (a step that a model does not need stays empty)

import importlib.util
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .utils.hyperparameters import Hyperparameters
from .utils.utils import UserError

if TYPE_CHECKING:
    from .utils.schema import Config

STEPS = ("reformat", "data_loader", "preprocess", "build", "train")


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
    """

    config: "Config"
    seed: int
    epochs: int
    folder: Path | None = None
    verbose: bool = False
    tensorboard: Path | None = None


class AdapterModel(ABC):
    """Seven steps, run in this order; a subclass must bring the first and the last two.

    Attributes:
        epochs_trained: epochs behind the metrics; 0 where there are none.
    """

    epochs_trained = 0

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


def run_steps(adapter: AdapterModel, *, until: str = STEPS[-1]) -> None:
    """Run the steps in order, up to and including one of them."""
    for step in STEPS[: STEPS.index(until) + 1]:
        getattr(adapter, step)()


def adapter_file(config: "Config") -> Path | None:
    """Return models/<model>/adapter.py if the model brings one."""
    path = config.file.with_name("adapter.py")
    return path if path.is_file() else None


def adapter_class(config: "Config") -> type[AdapterModel]:
    """Return the adapter that a model brings, else the one for Keras.

    Raises:
        UserError: the model's adapter.py does not define exactly one subclass of AdapterModel, or
            the subclass lacks a step that every adapter must bring.
    """
    path = adapter_file(config)
    if path is None:
        from .keras_adapter import KerasAdapter

        return KerasAdapter
    module = _load(path)
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, AdapterModel)
        and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise UserError(f"{path} defines {len(found)} subclasses of AdapterModel; it must be one.")
    missing = sorted(found[0].__abstractmethods__)
    if missing:
        raise UserError(f"{path}: {found[0].__name__} must define {' and '.join(missing)}.")
    return found[0]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{__package__}.{path.parent.name}_adapter", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is no Python module.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
