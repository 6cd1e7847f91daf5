"""The `tune` stage: choose the hyperparameters that `train` uses."""

from .utils.hyperparameters import Hyperparameters, hyperparameters_path, write_hyperparameters
from .utils.schema import Config
from .utils.utils import UserError


def tune(config: Config, *, dry_run: bool = False) -> Hyperparameters:
    """Write hyperparameters.yaml: the default values, as long as `tuning.tune` is false."""
    if config.tuning.tune:
        raise UserError(
            f"{config.file}: tuning.tune is true, but this version trains with "
            "the default values only; write false."
        )
    values = Hyperparameters(
        {name: declared.default_value for name, declared in config.tuning.hyperparams.items()}
    )
    if not dry_run:
        path = hyperparameters_path(config.output_paths.model.root)
        write_hyperparameters(path, values, "Default values of config.yaml: tuning.tune is false.")
    return values
