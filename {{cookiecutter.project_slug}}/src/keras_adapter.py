"""The adapter for Keras: a DataProvider and a ModelTrainer behind the seven steps."""

from .adapter import AdapterModel, ModelSpecs
from .data.data_provider import DataProvider
from .trainer import ModelTrainer
from .utils.manifest import read_manifest
from .utils.schema import Config
from .utils.utils import fingerprint

_open: dict[str, DataProvider] = {}  # the one in use, by what it depends on


class KerasAdapter(AdapterModel):
    """Trains the configured architecture on the prepared data."""

    data: DataProvider
    trainer: ModelTrainer

    def data_loader(self) -> None:
        """Open the data; it is read once a process, not once a trial."""
        self.data = _opened(self.model_specs.config)

    def build(self) -> None:
        """Build and compile the model."""
        specs = self.model_specs
        self.trainer = ModelTrainer(_for_trial(specs), self.hp_values, folder=specs.folder)

    def train(self) -> None:
        """Train, continuing a killed training of the same folder."""
        specs = self.model_specs
        self.trainer.fit(self.data, verbose=specs.verbose, tensorboard=specs.tensorboard)
        self.epochs_trained = len(self.trainer.backup.history)

    def get_metrics(self) -> dict[str, float]:
        """Return the metrics of the best epoch, the one whose weights `train` would keep."""
        return self.trainer.get_metrics()

    def reported(self) -> list[str]:
        """Return the metrics that the model reports on a batch, as `val_<name>` too."""
        return self.trainer.reported(self.data)


def _opened(config: Config) -> DataProvider:
    """Return the data of a configuration, kept in memory from trial to trial."""
    data_hash = read_manifest(config.input_paths.data).data_hash
    key = fingerprint([config.record("params", "input_paths"), data_hash])
    if key not in _open:
        _open.clear()
        data = DataProvider(config)
        data.get_data()
        _open[key] = data
    return _open[key]


def _for_trial(specs: ModelSpecs) -> Config:
    """Return the configuration with what this trial trains otherwise."""
    config = specs.config
    stop = config.tuning.early_stopping or config.params.early_stopping
    changed = {"seed": specs.seed, "epochs": specs.epochs, "early_stopping": stop}
    return config.model_copy(update={"params": config.params.model_copy(update=changed)})
