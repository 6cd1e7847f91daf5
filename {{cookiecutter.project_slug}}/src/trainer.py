"""Build, compile, train and save a Keras model."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import tensorflow as tf
from modelyard import training
from modelyard.config import Hyperparameters
from modelyard.data import read_manifest
from modelyard.tasks import load_task, task_loss

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
        self.config, self.hyperparameters = config, hyperparameters
        self.manifest = read_manifest(config.input_paths.data)
        self.manifest.check_batch_size(config)
        training.start(config)  # a clean session, the seed, deterministic operations
        self.model = self.generated_model()
        self.backup = training.open_backup(config, hyperparameters, folder)

    def generated_model(self) -> keras.Model:
        """Build the configured architecture and compile it with loss, optimizer and metrics."""
        params, task = self.config.params, load_task(self.config.task)
        shape, class_count = self.manifest.image_shape, len(self.manifest.classes)
        training.check_names(self.config, task.LOSSES)
        model = build_model(self.config, self.hyperparameters, shape, class_count)
        optimizer = keras.optimizers.get(params.optimizer)  # yours: any optimizer, loss, metric
        optimizer.learning_rate = self.hyperparameters["learning_rate"]
        loss = task_loss(task, params.loss, class_count)
        model.compile(optimizer=optimizer, loss=loss, metrics=list(params.metrics))
        return model

    def check(self, data: "DataProvider") -> None:
        """Run one batch without learning from it: the loss fits, the monitored metric exists."""
        metric = self.config.params.early_stopping.metric
        key = "params.early_stopping.metric"
        training.check_reported(self.config.file, key, metric, self.reported(data))

    def reported(self, data: "DataProvider") -> list[str]:
        """Return what the model reports on a batch, as `<name>` and `val_<name>`."""
        return training.reported(self.model, self.config, data)

    def train(self, data: "DataProvider") -> None:
        """Train until done or not improving, then return to the best epoch."""
        self.check(data)
        self.fit(data, verbose=True)
        self.backup.restore(self.model, self.backup.best_epoch)

    def fit(self, data: "DataProvider", *, verbose: bool, tensorboard: Path | None = None) -> None:
        """Train to the last epoch, continuing a killed training of the same folder."""
        done = self.backup.resume(self.model)
        if verbose and done:
            print(f"Resuming {self.config.name} after epoch {done}.", flush=True)
        if not self.backup.finished(self.config.params.epochs):
            if verbose:
                print(f"Training {self.config.name} on {training.devices()}.", flush=True)
            self.model.fit(
                data.train,
                shuffle=False,  # the dataset has an order for each epoch
                validation_data=data.validation,
                initial_epoch=done,
                epochs=self.config.params.epochs,
                callbacks=self.callbacks(data, tensorboard),
                verbose=("auto" if sys.stdout.isatty() else 2) if verbose else 0,
            )
        self.backup.write_curves()

    def callbacks(self, data: "DataProvider", tensorboard: Path | None) -> list[object]:
        """Return what runs between epochs; the backup also stops early."""
        order = keras.callbacks.LambdaCallback(on_epoch_begin=lambda n, _: data.set_epoch(n))
        logs = [keras.callbacks.TensorBoard(tensorboard)] if tensorboard else []
        return [order, self.backup, *logs]  # yours: add callbacks of your own

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Return loss and metrics of the model as it is now on a dataset."""
        metrics = self.model.evaluate(dataset, return_dict=True, verbose=0)
        return {name: float(value) for name, value in metrics.items()}

    def get_metrics(self) -> dict[str, float]:
        """Return the metrics of the best epoch, validation metrics as `val_<name>`."""
        return self.backup.best_metrics

    def save(self, data: "DataProvider") -> None:
        """Write the model and all that describes it, then forget the backup."""
        training.export(self.model, data, self.config, self.hyperparameters, self.backup)
        self.backup.clear()
