"""The `prepare` stage: annotated images to arrays that load fast, and their manifest."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..utils.manifest import Manifest, Split, write_manifest
from ..utils.schema import DataConfig
from ..utils.utils import UserError, sha256, whole_folder, write_csv
from .annotations import Example, read_csv
from .splits import split_indices

MODES = {1: "L", 3: "RGB"}
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
        _read_image(config, examples[0])
    else:
        _write(config, splits)
    return {split: len(members) for split, members in splits.items()}


def _write(config: DataConfig, splits: dict[Split, list[Example]]) -> None:
    classes = sorted({example.label for members in splits.values() for example in members})
    height, width = config.image_size
    shape = (height, width, config.channels)
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


def _counts(classes: list[str], members: list[Example]) -> dict[str, int]:
    found = Counter(example.label for example in members)
    return {label: found[label] for label in classes}


def _write_images(
    config: DataConfig, members: list[Example], file: Path, shape: tuple[int, ...]
) -> None:
    """Write a split's images, uint8 (examples, height, width, channels), chunk by chunk."""
    images = np.lib.format.open_memmap(file, "w+", np.uint8, (len(members), *shape))
    with ThreadPoolExecutor() as pool:  # decoding releases Python's lock
        for start in range(0, len(members), CHUNK):
            chunk = members[start : start + CHUNK]
            read = pool.map(lambda example: _read_image(config, example), chunk)
            for offset, image in enumerate(read):
                images[start + offset] = image.reshape(shape)
    images.flush()


def _read_image(config: DataConfig, example: Example) -> np.ndarray:
    """Read one image as uint8, converted to the configured channels and stretched to the size."""
    path = config.root / example.path
    height, width = config.image_size
    try:
        with Image.open(path) as image:
            converted = image.convert(MODES[config.channels])
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise UserError(
            f"{path} cannot be read as an image ({error}); replace it, or drop its line."
        ) from None
    if converted.size != (width, height):
        converted = converted.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(converted)
