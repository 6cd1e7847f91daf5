"""What targets with a file per image share: where each file lies, and lists of splits."""

import posixpath
from collections.abc import Sequence
from pathlib import Path

from modelyard.config.annotation_section import SPLITS, Split
from modelyard.data.annotations.listing import Example
from modelyard.errors import UserError

LISTS: dict[Split, str] = {"train": "train.txt", "validation": "val.txt", "test": "test.txt"}


def label_paths(examples: Sequence[Example], suffix: str, taken: Sequence[str] = ()) -> list[str]:
    """Return the path of each image's file: its own, with another suffix.

    Raises:
        UserError: two images would have the same, or one that has another use.
    """
    found: dict[str, str] = dict.fromkeys(taken, "")
    paths = []
    for example in examples:
        path = posixpath.splitext(example.path)[0] + suffix
        if path in found:
            other = found[path] or "what the format itself needs"
            raise UserError(
                f"{path} would annotate {example.path}, but it is for {other}; rename the image."
            )
        found[path] = example.path
        paths.append(path)
    return paths


def write_text(target: Path, path: str, text: str) -> None:
    """Write a file below the target."""
    (target / path).parent.mkdir(parents=True, exist_ok=True)
    (target / path).write_text(text, "utf-8")


def write_lists(target: Path, examples: Sequence[Example]) -> None:
    """Write the images of each split, a path on each line."""
    for split in given_splits(examples):
        paths = [example.path for example in examples if example.split == split]
        write_text(target, LISTS[split], "".join(f"{path}\n" for path in paths))


def given_splits(examples: Sequence[Example]) -> list[Split]:
    """Return the splits that images have."""
    given = {example.split for example in examples}
    return [split for split in SPLITS if split in given]
