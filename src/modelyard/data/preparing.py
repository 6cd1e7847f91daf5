"""The `prepare` stage: annotated images to arrays that load fast, and their manifest."""

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np

from modelyard.config.data_section import DataConfig, Split, Task
from modelyard.files import sha256, whole_folder

from .annotations import Example, read_annotations
from .images import read_image
from .manifest import Manifest, write_manifest
from .splits import given_indices, split_indices

CHUNK = 1024  # images in memory at once: data may be larger than memory


def prepare_data(config: DataConfig, *, dry_run: bool = False) -> dict[Split, int]:
    """Write `<split>_images.npy`, the targets of the task, and the manifest.

    Returns:
        The number of examples by split. A dry run checks the annotations and the first image.

    Raises:
        UserError: unusable annotations or images; nothing is written then.
    """
    examples, bad = read_annotations(config)
    indices = _indices(config, examples)
    splits = {split: [examples[i] for i in positions] for split, positions in indices.items()}
    if bad:
        print(f"warning: left out {len(bad)} bad rows, first: {bad[0]}", file=sys.stderr)
    if dry_run:
        read_image(config.root / examples[0].path, _shape(config))
    else:
        _write(config, splits)
    return {split: len(members) for split, members in splits.items()}


def _indices(config: DataConfig, examples: list[Example]) -> dict[Split, list[int]]:
    """Return positions by split: as the annotations say, otherwise drawn."""
    groups, file = _targets(config.task).groups(examples), config.root / config.annotations
    given = given_indices(examples, file)
    if given is None:
        return split_indices(groups, config.splits, config.seed)
    print(f"{file} names the split of each image; data.splits in config.yaml is not used.")
    return given


def _write(config: DataConfig, splits: dict[Split, list[Example]]) -> None:
    targets = _targets(config.task)
    labels = {split: _labels(members) for split, members in splits.items()}
    classes = sorted({label for found in labels.values() for label in found})
    shape = _shape(config)
    with whole_folder(config.processed) as folder:
        for split, members in splits.items():
            targets.write_targets(config, folder, split, members, classes)
            _write_images(config, members, folder / f"{split}_images.npy", shape)
        manifest = Manifest(
            classes=classes,
            image_shape=shape,
            examples={split: len(members) for split, members in splits.items()},
            counts={split: _counts(classes, found) for split, found in labels.items()},
            files={file.name: sha256(file) for file in sorted(folder.iterdir())},
        )
        write_manifest(folder, manifest)


def _targets(task: Task) -> ModuleType:
    """Return the module that groups a task's examples and writes its targets."""
    if task == "image_classification":
        from . import labels

        return labels
    from . import objects  # needs pycocotools

    return objects


def _labels(members: list[Example]) -> list[str]:
    return [one.label for example in members for one in example.objects]


def _shape(config: DataConfig) -> tuple[int, int, int]:
    height, width = config.image_size
    return height, width, config.channels


def _counts(classes: list[str], labels: list[str]) -> dict[str, int]:
    found = Counter(labels)
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
