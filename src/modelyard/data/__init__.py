"""Data: annotations read and checked, splits drawn, images packed, and what lies prepared."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.config import Options
from modelyard.config.data_section import SPLITS, Split
from modelyard.errors import UserError
from modelyard.faults import machine_fault
from modelyard.pipeline.tracked import untracked_root

from .manifest import Manifest, read_manifest

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SPLITS", "Manifest", "Split", "open_array", "prepare", "read_manifest"]


def prepare(options: Options) -> None:
    """Turn raw images and annotations into what models read."""
    from .preparing import prepare_data  # numpy and Pillow, which most stages do not need

    config = options.project.data
    if config.root.exists() and (problem := untracked_root(config.root)):
        print(f"warning: {problem}", file=sys.stderr)
    counts = prepare_data(config, dry_run=options.dry_run)
    print(f"{config.processed}: " + ", ".join(f"{n} {split}" for split, n in counts.items()))


def open_array(path: Path) -> "np.memmap":
    """Open one array of the prepared data without reading it.

    Raises:
        UserError: it is missing or damaged.
    """
    from .mapped import open_mapped  # numpy, which most stages do not need

    try:
        return open_mapped(path)
    except (OSError, ValueError) as error:
        if machine_fault(error):
            raise
        raise UserError(f"{path} is missing or damaged; run `dvc repro --force prepare`.") from None
