"""Images that show more objects than a saved model tells."""

import numpy as np

from modelyard.config import Config
from modelyard.config.data_section import SPLITS, Split

CLASS = 4  # the column of a prepared box; below 0 there is no object


def warning(config: Config) -> str | None:
    """Say how many images have more objects to find than the saved model tells, if any has."""
    most = config.params.max_objects
    counts = np.concatenate([_counts(config, split, most) for split in SPLITS])
    if not (beyond := int((counts > most).sum())):
        return None
    return (
        f"{config.file}: params.max_objects is {most}, but {beyond} of {len(counts)} images in "
        f"{config.input_paths.data} have more objects, up to {counts.max()}, of which the model "
        f"will not tell all; write {counts.max()} or more."
    )


def _counts(config: Config, split: Split, most: int) -> np.ndarray:
    """Return how many objects each image of a split has; 0 where none has more than `most`."""
    boxes = np.load(config.input_paths.data / f"{split}_boxes.npy", mmap_mode="r")
    if boxes.shape[1] <= most:
        return np.zeros(len(boxes), np.int64)
    counts: np.ndarray = (boxes[..., CLASS] >= 0).sum(axis=1)
    return counts
