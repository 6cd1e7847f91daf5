"""Configuration: what the files may say, how they are read, and what is wrong in them."""

from .hyperparameters import Hyperparameters, chosen_hyperparameters
from .loading import check_all, load_config, load_project
from .options import Options
from .params import Params
from .schema import Config, ProjectConfig
from .section import Section

__all__ = [
    "Config", "Hyperparameters", "Options", "Params", "ProjectConfig", "Section", "check_all",
    "chosen_hyperparameters", "load_config", "load_project",
]  # fmt: skip
