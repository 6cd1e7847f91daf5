"""Prepare annotated images: decoded once, divided, and written with what they show."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from modelyard.config.data_section import ImageData, Split
from modelyard.config.image_section import ImageSettings
from modelyard.files import sha256_of_all, whole_folder

from .annotations import Example, Listing, check_objects, read_annotations
from .annotations.source_files import listed_in
from .arrays import rows_per_shard
from .cropping import cropped
from .decoding import IMAGES, Decoded, decode, image_spec
from .duplicates import judge_duplicates
from .grouping import Indices
from .images import read_image, unused_range
from .kept import kept_folder
from .layout import file_states, guessed
from .left_out import judge_left_out, print_left_out
from .manifest import Manifest, write_manifest
from .splits import divided, warning_of_absent

DECODING = 1  # raised when decoded images of before are no longer what would be decoded


def prepare_data(config: ImageData, *, dry_run: bool = False) -> dict[Split, int]:
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
    with whole_folder(config.processed) as folder, _kept(config, examples) as (layout, kept):
        decoded = decode(config, examples, layout, kept)
        listing.bad += decoded.bad
        judge_left_out(config, listing)
        if warning := unused_range(decoded.highest, config):
            print(f"warning: {warning}.", file=sys.stderr)
        decoded = decoded._replace(examples=cropped(config, decoded.examples))
        indices = _indices(config, decoded.examples, listing, decoded.content)
        judge_duplicates(config, decoded.examples, indices, decoded.content, decoded.small)
        _write(config, decoded, indices, folder)
    return _sizes(indices)


def targets_of(config: ImageData) -> ModuleType:
    """Return the module that groups the examples and writes their targets."""
    if config.task != "image_classification":
        from . import objects  # needs pycocotools

        return objects
    if config.target != "class":
        from . import several_or_numbers

        return several_or_numbers
    from . import labels

    return labels


@contextmanager
def _kept(config: ImageData, examples: Sequence[Example]) -> Iterator[tuple[Indices | None, Path]]:
    """Yield where images will probably lie, and the folder in which a kill leaves decoded ones."""
    states = file_states(config, examples)
    layout = guessed(config, examples, states, targets_of(config).groups)
    paths = [example.path for example in examples]
    most = rows_per_shard(image_spec(config))
    key = [DECODING, most, config.shape, config.settings(), paths, states, layout]
    with kept_folder(config.processed, key) as folder:
        yield layout, folder


def _checked(config: ImageData, examples: list[Example], listing: Listing) -> Indices:
    """Check what can be checked in a moment; write nothing."""
    listing.check_share(config.max_bad_share)
    examples = cropped(config, examples)
    indices = _indices(config, examples, listing, [None] * len(examples))
    print_left_out(listing)
    read_image(config.root / examples[0].path, config)
    return indices


def _indices(
    config: ImageData,
    examples: list[Example],
    listing: Listing,
    content: Sequence[bytes | None],
) -> Indices:
    """Return positions by split; warn of classes that one lacks."""
    check_objects(examples, listing)
    strata = targets_of(config).groups(examples)
    indices = divided(config, listed_in(config), examples, strata, content)
    if warning := warning_of_absent(config.NOUN, examples, indices):
        print(warning, file=sys.stderr)
    return indices


def _sizes(indices: Indices) -> dict[Split, int]:
    return {split: len(positions) for split, positions in indices.items()}


def _write(config: ImageData, decoded: Decoded, indices: Indices, folder: Path) -> None:
    targets = targets_of(config)
    splits = {split: [decoded.examples[i] for i in indices[split]] for split in indices}
    labels = {split: _labels(members) for split, members in splits.items()}
    classes = sorted({label for found in labels.values() for label in found})
    for split, members in splits.items():
        targets.write_targets(config, folder, split, members, classes)
    decoded.write(config, indices, folder)
    manifest = Manifest(
        kind="image",
        head=targets.head(config),
        inputs={IMAGES: image_spec(config)},
        targets=targets.specs(config, classes),
        classes=classes,
        examples={split: len(members) for split, members in splits.items()},
        counts={split: _counts(classes, found) for split, found in labels.items()},
        files=sha256_of_all(folder),
        settings=_not_default(config.settings()) | _target(config),
    )
    write_manifest(folder, manifest)


def _not_default(settings: dict[str, object]) -> dict[str, object]:
    """Return the settings that are not the defaults, so that a new one changes no old manifest."""
    defaults = ImageSettings().settings()
    return {key: value for key, value in settings.items() if value != defaults[key]}


def _target(config: ImageData) -> dict[str, object]:
    """Return what a number that is learned is called."""
    name = config.columns.get("value")
    return {"target": name} if isinstance(name, str) else {}


def _labels(members: list[Example]) -> list[str]:
    return [one.label for example in members for one in example.objects if one.value is None]


def _counts(classes: list[str], labels: list[str]) -> dict[str, int]:
    found = Counter(labels)
    return {label: found[label] for label in classes}
