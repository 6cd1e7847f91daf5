"""The `prepare` stage: annotated images to arrays that load fast, and their manifest."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from modelyard.config.data_section import DataConfig, Split, Task
from modelyard.config.image_section import ImageSettings
from modelyard.files import sha256, whole_folder

from .annotations import Example, Listing, check_objects, read_annotations
from .cropping import cropped
from .decoding import Decoded, decode
from .duplicates import judge_duplicates
from .grouping import Indices
from .images import read_image, unused_range
from .left_out import judge_left_out, print_left_out
from .manifest import Manifest, write_manifest
from .splits import divided, warning_of_absent

DECODED = "decoded.npy"


def prepare_data(config: DataConfig, *, dry_run: bool = False) -> dict[Split, int]:
    """Write `<split>_images.npy`, the targets of the task, and the manifest.

    Every image is decoded once. What cannot be used is left out, listed beside the folder, and
    judged all together.

    Returns:
        The number of examples by split. A dry run checks the annotations and the first image.

    Raises:
        UserError: unusable annotations or images; nothing but lists of them is written then.
    """
    examples, listing = read_annotations(config)
    if dry_run:
        return _sizes(_checked(config, examples, listing))
    with whole_folder(config.processed) as folder:
        decoded = decode(config, examples, folder / DECODED)
        listing.bad += decoded.bad
        judge_left_out(config, listing)
        if warning := unused_range(decoded.highest, config):
            print(f"warning: {warning}.", file=sys.stderr)
        decoded = decoded._replace(examples=cropped(config, decoded.examples))
        indices = _indices(config, decoded.examples, listing, decoded.content)
        judge_duplicates(config, decoded.examples, indices, decoded.content, decoded.small)
        _write(config, decoded, indices, folder)
    return _sizes(indices)


def targets_of(task: Task) -> ModuleType:
    """Return the module that groups a task's examples and writes its targets."""
    if task == "image_classification":
        from . import labels

        return labels
    from . import objects  # needs pycocotools

    return objects


def _checked(config: DataConfig, examples: list[Example], listing: Listing) -> Indices:
    """Check what can be checked in a moment; write nothing."""
    listing.check_share(config.max_bad_share)
    examples = cropped(config, examples)
    indices = _indices(config, examples, listing, [None] * len(examples))
    print_left_out(listing)
    read_image(config.root / examples[0].path, config)
    return indices


def _indices(
    config: DataConfig,
    examples: list[Example],
    listing: Listing,
    content: Sequence[bytes | None],
) -> Indices:
    """Return positions by split; warn of classes that one lacks."""
    check_objects(examples, listing)
    strata = targets_of(config.task).groups(examples)
    indices = divided(config, examples, strata, content)
    if warning := warning_of_absent(examples, indices):
        print(warning, file=sys.stderr)
    return indices


def _sizes(indices: Indices) -> dict[Split, int]:
    return {split: len(positions) for split, positions in indices.items()}


def _write(config: DataConfig, decoded: Decoded, indices: Indices, folder: Path) -> None:
    targets = targets_of(config.task)
    splits = {split: [decoded.examples[i] for i in indices[split]] for split in indices}
    labels = {split: _labels(members) for split, members in splits.items()}
    classes = sorted({label for found in labels.values() for label in found})
    for split, members in splits.items():
        targets.write_targets(config, folder, split, members, classes)
        decoded.write(indices[split], folder / f"{split}_images.npy")
    (folder / DECODED).unlink()
    manifest = Manifest(
        classes=classes,
        image_shape=config.shape,
        examples={split: len(members) for split, members in splits.items()},
        counts={split: _counts(classes, found) for split, found in labels.items()},
        files={file.name: sha256(file) for file in sorted(folder.iterdir())},
        settings=ImageSettings.model_validate(config.settings()),
    )
    write_manifest(folder, manifest)


def _labels(members: list[Example]) -> list[str]:
    return [one.label for example in members for one in example.objects]


def _counts(classes: list[str], labels: list[str]) -> dict[str, int]:
    found = Counter(labels)
    return {label: found[label] for label in classes}
