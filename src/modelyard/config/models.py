"""The models of a project: the folders in `models/` with a configuration."""

from pathlib import Path

from modelyard.errors import UserError, did_you_mean

from .section import unusable

MODELS = Path("models")
CONFIG_NAME = "config.yaml"
ADAPTER = "adapter.py"


def config_path(model: str) -> Path:
    """Return where a model's configuration lies, whether or not it is there."""
    return MODELS / model / CONFIG_NAME


def config_paths(root: Path = Path()) -> list[Path]:
    """Return every model's configuration, by name of the model."""
    return sorted((root / MODELS).glob(f"*/{CONFIG_NAME}"))


def model_names() -> list[str]:
    """Return the names of all models, sorted."""
    return [path.parent.name for path in config_paths()]


def check_known(model: str, source: str) -> Path:
    """Return a model's configuration.

    Raises:
        UserError: there is no such model; `source` says where it is named, such as `--like`.
    """
    path = config_path(model)
    if unusable(model) or not path.is_file():
        known = model_names()
        raise UserError(
            f"{source} is {model!r}, but {path} does not exist{did_you_mean(model, known)}; "
            f"known models: {', '.join(known) or 'none'}."
        )
    return path


def adapter_of(config_file: Path) -> Path | None:
    """Return the adapter.py beside a model's configuration, None if it brings none."""
    path = config_file.with_name(ADAPTER)
    return path if path.is_file() else None
