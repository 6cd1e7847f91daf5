"""A trainer of the tiny model, apart from tiny.py because it imports TensorFlow."""

from typing import Any

from modelyard.config.hyperparameters import chosen_hyperparameters
from modelyard.config.loading import load_config
from src.data.data_provider import DataProvider
from src.trainer import ModelTrainer


def trainer(**params: object) -> tuple[ModelTrainer, DataProvider]:
    """Return a new trainer and its data, with other values in the section `params`."""
    config: Any = load_config(overrides={f"params.{key}": value for key, value in params.items()})
    data = DataProvider(config)
    data.get_data()
    return ModelTrainer(config, chosen_hyperparameters(config)), data
