"""Texts in one folder per class, or below one folder per split."""

import os
from collections.abc import Iterator
from pathlib import Path

from modelyard.config.data_section import Split
from modelyard.config.text_section import TextData
from modelyard.data.annotations.listing import Bad, Listing
from modelyard.data.annotations.named import SPELLINGS
from modelyard.data.annotations.places import is_hidden
from modelyard.data.spool import Example
from modelyard.errors import UserError
from modelyard.faults import machine_fault

from .reading import check_root, read_whole


def listed(config: TextData) -> Listing:
    """Return what errors name, nothing is counted yet.

    Raises:
        UserError: root is missing, or has no folder of a class.
    """
    check_root(config.root)
    if not _folders(config.root):
        raise UserError(
            f"{config.root} has no folder; with data.format folders there is one for each class."
        )
    return Listing(config.root, entries=0)


def examples(config: TextData, listing: Listing) -> Iterator[Example]:
    """Yield the text of each file; what cannot be used is counted and noted."""
    loose = [one.name for one in config.root.iterdir() if one.is_file() and not is_hidden(one.name)]
    if loose:
        listing.notes.append(
            f"{config.root}: files outside the folders of classes are left out, first "
            f"{min(loose)} ({len(loose)} in all)."
        )
    for split, folder in class_folders(config.root):
        label = folder.name
        for file in sorted(_files(folder)):
            listing.entries += 1
            path = file.relative_to(config.root).as_posix()
            try:
                text = read_whole(file, config.encoding)
            except OSError as error:
                if machine_fault(error):
                    raise
                listing.bad.append(Bad(path, f"cannot be read ({error.strerror})"))
            except ValueError as error:
                listing.bad.append(Bad(path, str(error)))
            else:
                yield Example({"text": text}, label, path, split)


def class_folders(root: Path) -> list[tuple[Split | None, Path]]:
    """Return the folders of classes, each with the split whose folder it is in."""
    folders = _folders(root)
    splits = [SPELLINGS.get(folder.name.lower()) for folder in folders]
    if not any(one == "train" for one in splits) or None in splits:
        return [(None, folder) for folder in folders]
    return [
        (split, inner)
        for split, folder in zip(splits, folders, strict=True)
        for inner in _folders(folder)
    ]


def _folders(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.is_dir() and not is_hidden(one.name))


def _files(folder: Path) -> Iterator[Path]:
    for inner, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (Path(inner, name) for name in names if not is_hidden(name))
