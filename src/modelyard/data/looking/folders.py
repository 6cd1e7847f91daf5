"""Folders of images by class, with or without a folder for each split above them."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from modelyard.config.annotation_section import Split

from .found import Found
from .tree import SPLIT_WORDS, Tree

LEAST = 2  # classes


def find_folders(tree: Tree) -> Iterator[Found]:
    """Yield what the names of folders say."""
    place = class_folders(tree.images)
    if place is None:
        return
    base, words = place
    inside = split_folders(tree.images, base)
    keys = {"annotation_type": "folders", "images": inside or base}
    yield Found(keys, words)


def class_folders(files: Sequence[str]) -> tuple[str, str] | None:
    """Return the folder that holds those of classes, or of splits, and what lies there in words.

    None if there are not two classes.
    """
    base = _base(files)
    if splits := split_folders(files, base):
        classes = set[str]().union(*(_below(files, folder) for folder in splits.values()))
        names = ", ".join(PurePosixPath(folder).name for folder in splits.values())
        words = f"folders {names}, and in them one folder per class"
        return (base, words) if len(classes) >= LEAST else None
    return (base, "one folder per class") if len(_below(files, base)) >= LEAST else None


def split_folders(files: Sequence[str], base: str) -> dict[Split, str]:
    """Return the folders of splits right below one; none if any is not of a split."""
    inside = _below(files, base)
    splits = {name: SPLIT_WORDS[name.lower()] for name in inside if name.lower() in SPLIT_WORDS}
    if len(splits) == len(inside) and len(set(splits.values())) == len(splits):
        return {split: _path(base, name) for name, split in _ordered(splits)}
    return {}


def _ordered(splits: dict[str, Split]) -> list[tuple[str, Split]]:
    order = ("train", "validation", "test")
    return sorted(splits.items(), key=lambda pair: order.index(pair[1]))


def _base(files: Sequence[str]) -> str:
    """Return the first folder, from above, that holds more than one folder, or files."""
    base = "."
    while len(inside := _below(files, base)) == 1 and not _holds_files(files, base):
        base = _path(base, next(iter(inside)))
    return base


def _below(files: Sequence[str], folder: str) -> list[str]:
    """Return the names of the folders right below one in which files lie."""
    depth = 0 if folder == "." else len(PurePosixPath(folder).parts)
    prefix = "" if folder == "." else f"{folder}/"
    names = {
        PurePosixPath(file).parts[depth]
        for file in files
        if file.startswith(prefix) and len(PurePosixPath(file).parts) > depth + 1
    }
    return sorted(names)


def _holds_files(files: Sequence[str], folder: str) -> bool:
    return any(str(PurePosixPath(file).parent) == folder for file in files)


def _path(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
