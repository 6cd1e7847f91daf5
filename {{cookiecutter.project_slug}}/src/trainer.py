"""Compile, train, evaluate and save a Keras model."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from .export import export
from .models import build_model
from .tasks import load_task
from .utils.backup import FOLDER, TrainingBackup
from .utils.hyperparameters import Hyperparameters
from .utils.manifest import read_manifest
from .utils.names import check_names, check_reported
from .utils.provenance import code_hash, train_configuration, utc_now
from .utils.schema import Config
from .utils.session import fresh_session
from .utils.utils import UserError, fingerprint, write_json

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
        self.started = utc_now()
        fresh_session()
        keras.utils.set_random_seed(config.params.seed)
        if config.params.deterministic:
            tf.config.experimental.enable_op_determinism()
        self.model = self.generated_model()
        curves = (folder or config.output_paths.training_metrics) / "history.csv"
        self.backup = TrainingBackup(
            folder or self._backup_folder(), curves, config.params.early_stopping
        )

    def generated_model(self) -> keras.Model:
        """Build the configured architecture and compile it with loss, optimizer and metrics."""
        params, manifest = self.config.params, self.manifest
        task, class_count = load_task(self.config.task), len(manifest.classes)
        check_names(self.config, task.LOSSES)
        model = build_model(self.config, self.hyperparameters, manifest.image_shape, class_count)
        optimizer = keras.optimizers.get(params.optimizer)
        optimizer.learning_rate = self.hyperparameters["learning_rate"]
        loss = task.loss(params.loss, class_count)
        model.compile(optimizer=optimizer, loss=loss, metrics=list(params.metrics))
        return model

    def check(self, data: "DataProvider") -> None:
        """Run one batch without learning from it: the loss fits, the monitored metric exists."""
        metric = self.config.params.early_stopping.metric
        check_reported(
            self.config.file, "params.early_stopping.metric", metric, self.reported(data)
        )

    def reported(self, data: "DataProvider") -> list[str]:
        """Return what the model reports on a batch, as `<name>` and `val_<name>`."""
        images, labels = next(iter(data.validation))
        try:
            names = self.model.test_on_batch(images, labels, return_dict=True)
        except ValueError as error:
            reason = str(error).strip().splitlines()[0]
            raise UserError(
                f"{self.config.file}: params.loss is {self.config.params.loss!r}: it or "
                f"params.metrics do not fit the targets {labels.shape} and the output "
                f"{self.model.output_shape}: {reason}"
            ) from None
        return [f"{prefix}{name}" for prefix in ("", "val_") for name in names]

    def train(self, data: "DataProvider") -> None:
        """Train until done or not improving, then return to the best epoch."""
        self.check(data)
        self.fit(data, verbose=True)
        self.backup.restore(self.model, self.backup.best_epoch)

    def fit(self, data: "DataProvider", *, verbose: bool, tensorboard: Path | None = None) -> None:
        """Train to the last epoch, continuing a killed training of the same folder."""
        self.backup.claim()
        done = len(self.backup.history)
        if done:
            self.backup.restore(self.model, done - 1)
        if done and verbose:
            print(f"Resuming {self.config.name} after epoch {done}.", flush=True)
        if not done or not self.backup.finished(self.config.params.epochs):
            self._fit(data, done, verbose=verbose, tensorboard=tensorboard)
        self.backup.write_curves()

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Return loss and metrics of the model as it is now on a dataset."""
        metrics = self.model.evaluate(dataset, return_dict=True, verbose=0)
        return {name: float(value) for name, value in metrics.items()}

    def get_metrics(self) -> dict[str, float]:
        """Return the metrics of the best epoch, validation metrics as `val_<name>`."""
        return self.backup.history[self.backup.best_epoch]

    def save(self) -> None:
        """Write the model and all that describes it, then forget the backup."""
        self.backup.check_owner()
        record = train_configuration(self.config, self.manifest, self.hyperparameters, self.started)
        best = {key: value for key, value in self.get_metrics().items() if key.startswith("val_")}
        write_json(self.config.output_paths.model.root / "val_metrics.json", best)
        export(self.model, self.config, self.manifest, self.hyperparameters, record)
        self.backup.clear()

    def _fit(
        self, data: "DataProvider", done: int, *, verbose: bool, tensorboard: Path | None
    ) -> None:
        order = keras.callbacks.LambdaCallback(on_epoch_begin=lambda n, _: data.set_epoch(n))
        logs = [keras.callbacks.TensorBoard(tensorboard)] if tensorboard else []
        if verbose:
            print(f"Training {self.config.name} on {_devices()}.", flush=True)
        self.model.fit(
            data.train,
            shuffle=False,  # the dataset has an order for each epoch
            validation_data=data.validation,
            initial_epoch=done,
            epochs=self.config.params.epochs,
            callbacks=[order, self.backup, *logs],
            verbose=("auto" if sys.stdout.isatty() else 2) if verbose else 0,
        )

    def _backup_folder(self) -> Path:
        """Return a folder that only an equal training uses."""
        depends_on = [
            self.config.record("architecture", "params"),
            self.hyperparameters,
            self.manifest.data_hash,
            code_hash(),
        ]
        return FOLDER / self.config.name / fingerprint(depends_on)[:16]


def _devices() -> str:
    """Name the accelerators TensorFlow sees: a missing GPU shows before training, not after."""
    devices = tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("CPU")
    return ", ".join(device.name.removeprefix("/physical_device:") for device in devices)
