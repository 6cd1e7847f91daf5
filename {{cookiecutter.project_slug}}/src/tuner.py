"""The `tune` stage: how a trial is trained and scored."""

from typing import TYPE_CHECKING

from modelyard.adapter import AdapterModel
from modelyard.cli import Options
from modelyard.search import opened, search

if TYPE_CHECKING:
    from .data.data_provider import DataProvider
    from .trainer import ModelTrainer


class KerasAdapter(AdapterModel):
    """One trial: this project's DataProvider and ModelTrainer with the values it tries.

    A model of another framework brings a class of its own, in models/<model>/adapter.py.
    """

    data: "DataProvider"
    trainer: "ModelTrainer"

    def data_loader(self) -> None:
        """Open the data; equal data is read once a process, not once a trial."""
        from .data.data_provider import DataProvider

        self.data = opened(DataProvider, self.model_specs.config)

    def build(self) -> None:
        """Build and compile the model."""
        from .trainer import ModelTrainer

        specs = self.model_specs
        self.trainer = ModelTrainer(specs.trial_config, self.hp_values, folder=specs.folder)
        self.trainer.backup.prune = specs.prune  # a search may stop a bad trial early

    def train(self) -> None:
        """Train, continuing a killed training of the same folder."""
        specs = self.model_specs
        self.trainer.fit(self.data, verbose=specs.verbose, tensorboard=specs.tensorboard)
        self.epochs_trained = len(self.trainer.backup.history)

    def get_metrics(self) -> dict[str, float]:
        """Return the metrics of the epoch whose weights `train` would keep."""
        return self.trainer.get_metrics()  # yours: add a number of your own to tune for

    def reported(self) -> list[str]:
        """Return the names that `tuning.objective.metric` may have."""
        return self.trainer.reported(self.data)


def tune(options: Options) -> None:
    """Choose the hyperparameters: search as `tuning` in config.yaml says, or take the defaults."""
    search(options, KerasAdapter)
