"""A trainer of the tiny model, apart from tiny.py because it imports TensorFlow."""

from src.data.data_provider import DataProvider
from src.trainer import ModelTrainer
from src.utils.config import load_config
from src.utils.hyperparameters import chosen_hyperparameters


def trainer(**params: object) -> tuple[ModelTrainer, DataProvider]:
    """Return a new trainer and its data, with other values in the section `params`."""
    config = load_config(overrides={f"params.{key}": value for key, value in params.items()})
    data = DataProvider(config)
    data.get_data()
    return ModelTrainer(config, chosen_hyperparameters(config)), data
