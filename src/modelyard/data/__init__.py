"""Data: annotations read and checked, splits drawn, images packed, and what lies prepared."""

from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.config import Options
from modelyard.config.data_section import SPLITS, Split
from modelyard.errors import UserError

from .manifest import Manifest, read_manifest

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SPLITS", "Manifest", "Split", "open_array", "prepare", "read_manifest"]


def prepare(options: Options) -> None:
    """Turn raw images and annotations into what models read."""
    from .preparing import prepare_data  # numpy and Pillow, which most stages do not need

    config = options.project.data
    counts = prepare_data(config, dry_run=options.dry_run)
    print(f"{config.processed}: " + ", ".join(f"{n} {split}" for split, n in counts.items()))


def open_array(path: Path) -> "np.memmap":
    """Open one array of the prepared data without reading it.

    Raises:
        UserError: it is missing or damaged.
    """
    import numpy as np

    try:
        return np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError):
        raise UserError(f"{path} is missing or damaged; run `dvc repro --force prepare`.") from None
