"""Build, compile, train and save a Keras model."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import tensorflow as tf
from modelyard import training
from modelyard.config import Hyperparameters
from modelyard.data import read_manifest

from .models import build_model
from .utils.utils import Config

if TYPE_CHECKING:
    from .data.data_provider import DataProvider


class ModelTrainer:
    """Trains one model; `model` is compiled as soon as the trainer exists.

    Raises:
        UserError: unknown optimizer, loss or metric, undeclared hyperparameter, unprepared data.
    """

    def __init__(
        self, config: Config, hyperparameters: Hyperparameters, folder: Path | None = None
    ) -> None:
        """Fix every source of randomness, then build and compile the model.

        `folder` holds what a killed training needs, by default one that only an equal one finds.
        """
        self.config, self.hyperparameters = config.tuned(hyperparameters), hyperparameters
        self.manifest = read_manifest(config.input_paths.data)
        self.manifest.check_batch_size(config)
        training.start(config)  # a clean session, the seed, deterministic operations
        self.recipe = training.Recipe(self.config, hyperparameters, self.manifest)
        with self.recipe.scope():  # of several devices
            self.model = self.generated_model()
        self.backup = training.open_backup(config, hyperparameters, folder)

    def generated_model(self) -> keras.Model:
        """Build the network and compile it, as `params` says or its module in src/models."""
        model = self.recipe.network(build_model)
        model.compile(
            optimizer=self.recipe.optimizer(),  # yours: any optimizer, loss, metric
            loss=self.recipe.loss(),
            metrics=self.recipe.metrics(),
            jit_compile=self.config.params.jit_compile,
        )
        return self.recipe.ready(model)  # frozen where `params.freeze` says so

    def check(self, data: "DataProvider", *, thorough: bool = False) -> None:
        """Send one batch through everything that can fail; the monitored metric exists."""
        metric = self.config.params.early_stopping.metric
        key = "params.early_stopping.metric"
        reported = self.reported(data, thorough=thorough)
        training.check_reported(self.config.file, key, metric, reported)

    def reported(self, data: "DataProvider", *, thorough: bool = False) -> list[str]:
        """Return what the model reports on a batch, as `<name>` and `val_<name>`."""
        return training.rehearse(self.model, self.recipe, data, thorough=thorough)

    def train(self, data: "DataProvider") -> None:
        """Train until done or not improving, then return to the best epoch."""
        self.check(data)
        self.fit(data, verbose=True)
        self.backup.restore_best(self.model)

    def fit(self, data: "DataProvider", *, verbose: bool, tensorboard: Path | None = None) -> None:
        """Train to the last epoch, continuing a killed training of the same folder."""
        done = self.backup.resume(self.model)
        if verbose:
            training.announce(self.recipe, done)
        if not self.backup.finished(self.config.params.epochs):
            self.model.fit(
                self.recipe.training_data(data),  # augmented
                shuffle=False,  # the dataset has an order for each epoch
                validation_data=self.recipe.validation_data(data),
                class_weight=self.recipe.class_weight,
                initial_epoch=done,
                epochs=self.config.params.epochs,
                callbacks=self.callbacks(data, tensorboard),
                verbose=("auto" if sys.stdout.isatty() else 2) if verbose else 0,
            )
        self.backup.write_curves()

    def callbacks(self, data: "DataProvider", tensorboard: Path | None) -> list[object]:
        """Return what runs between epochs; the backup also stops early."""
        logs = [keras.callbacks.TensorBoard(tensorboard)] if tensorboard else []
        return [*self.recipe.callbacks(data, self.backup), *logs]  # yours: add your own

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Return loss and metrics of the model as it is now on a dataset."""
        metrics = self.model.evaluate(self.recipe.encoded(dataset), return_dict=True, verbose=0)
        return {name: float(value) for name, value in metrics.items()}

    def get_metrics(self) -> dict[str, float]:
        """Return the metrics of the best epoch, validation metrics as `val_<name>`."""
        return self.backup.best_metrics

    def save(self, data: "DataProvider") -> None:
        """Write the model and all that describes it, then forget the backup."""
        training.export(self.model, data, self.recipe, self.backup)
        self.backup.clear()
