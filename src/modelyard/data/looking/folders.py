"""Folders of images by class, with or without a folder for each split above them."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from modelyard.config.annotation_section import Split

from .found import Found
from .tree import SPLIT_WORDS, Tree

LEAST = 2  # classes


def find_folders(tree: Tree) -> Iterator[Found]:
    """Yield what the names of folders say."""
    base = _base(tree)
    inside = _below(tree, base)
    splits = {name: SPLIT_WORDS[name.lower()] for name in inside if name.lower() in SPLIT_WORDS}
    if splits and len(splits) == len(inside) and len(set(splits.values())) == len(splits):
        images = {split: _path(base, name) for name, split in _ordered(splits)}
        classes = set[str]().union(*(_below(tree, folder) for folder in images.values()))
        if len(classes) >= LEAST:
            yield Found(
                {"annotation_type": "folders", "images": images},
                f"folders {', '.join(splits)}, and in them one folder per class",
            )
    elif len(inside) >= LEAST:
        yield Found({"annotation_type": "folders", "images": base}, "one folder per class")


def _ordered(splits: dict[str, Split]) -> list[tuple[str, Split]]:
    order = ("train", "validation", "test")
    return sorted(splits.items(), key=lambda pair: order.index(pair[1]))


def _base(tree: Tree) -> str:
    """Return the first folder, from above, that holds more than one folder, or images."""
    base = "."
    while len(inside := _below(tree, base)) == 1 and not _holds_images(tree, base):
        base = _path(base, next(iter(inside)))
    return base


def _below(tree: Tree, folder: str) -> list[str]:
    """Return the names of the folders right below one in which images lie."""
    depth = 0 if folder == "." else len(PurePosixPath(folder).parts)
    prefix = "" if folder == "." else f"{folder}/"
    names = {
        PurePosixPath(image).parts[depth]
        for image in tree.images
        if image.startswith(prefix) and len(PurePosixPath(image).parts) > depth + 1
    }
    return sorted(names)


def _holds_images(tree: Tree, folder: str) -> bool:
    return any(str(PurePosixPath(image).parent) == folder for image in tree.images)


def _path(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
