"""The `prepare` stage: annotated images to arrays that load fast, and their manifest."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..utils.manifest import Manifest, Split, write_manifest
from ..utils.schema import DataConfig
from ..utils.utils import sha256, whole_folder, write_csv
from .annotations import Example, read_csv
from .images import read_image
from .splits import split_indices

CHUNK = 1024  # images in memory at once: data may be larger than memory


def prepare(config: DataConfig, *, dry_run: bool = False) -> dict[Split, int]:
    """Write `<split>_images.npy`, `<split>_labels.npy`, `<split>.csv` and the manifest.

    Returns:
        The number of examples by split. A dry run checks the annotations and the first image.

    Raises:
        UserError: unusable annotations or images; nothing is written then.
    """
    examples = read_csv(config.root, config.annotations)
    indices = split_indices([example.label for example in examples], config.splits, config.seed)
    splits = {split: [examples[i] for i in positions] for split, positions in indices.items()}
    if dry_run:
        read_image(config.root / examples[0].path, _shape(config))
    else:
        _write(config, splits)
    return {split: len(members) for split, members in splits.items()}


def _write(config: DataConfig, splits: dict[Split, list[Example]]) -> None:
    classes = sorted({example.label for members in splits.values() for example in members})
    shape = _shape(config)
    with whole_folder(config.processed) as folder:
        for split, members in splits.items():
            labels = np.array([classes.index(example.label) for example in members], np.int32)
            np.save(folder / f"{split}_labels.npy", labels)
            rows = [{"path": example.path, "class": example.label} for example in members]
            write_csv(folder / f"{split}.csv", rows)
            _write_images(config, members, folder / f"{split}_images.npy", shape)
        manifest = Manifest(
            classes=classes,
            image_shape=shape,
            counts={split: _counts(classes, members) for split, members in splits.items()},
            files={file.name: sha256(file) for file in sorted(folder.iterdir())},
        )
        write_manifest(folder, manifest)


def _shape(config: DataConfig) -> tuple[int, int, int]:
    height, width = config.image_size
    return height, width, config.channels


def _counts(classes: list[str], members: list[Example]) -> dict[str, int]:
    found = Counter(example.label for example in members)
    return {label: found[label] for label in classes}


def _write_images(
    config: DataConfig, members: list[Example], file: Path, shape: tuple[int, int, int]
) -> None:
    """Write a split's images, uint8 (examples, height, width, channels), chunk by chunk."""
    images = np.lib.format.open_memmap(file, "w+", np.uint8, (len(members), *shape))
    with ThreadPoolExecutor() as pool:  # decoding releases Python's lock
        for start in range(0, len(members), CHUNK):
            chunk = members[start : start + CHUNK]
            read = pool.map(lambda one: read_image(config.root / one.path, shape), chunk)
            for offset, image in enumerate(read):
                images[start + offset] = image
    images.flush()
