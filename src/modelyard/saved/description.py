"""Where a saved model is described."""

from pathlib import Path

DESCRIPTION = "predict_configuration.yaml"


def description_of(file: Path) -> Path:
    """Return the description of a `.keras` file: in a folder of its name, else beside it."""
    inside = file.with_suffix("") / DESCRIPTION
    return inside if inside.is_file() else file.with_name(DESCRIPTION)
