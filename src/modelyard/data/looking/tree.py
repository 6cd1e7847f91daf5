"""What lies in a folder: images, what may annotate them, and everything else by suffix."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath

from modelyard.config.annotation_section import SPLITS, Split
from modelyard.data.suffixes import IMAGE_SUFFIXES
from modelyard.errors import UserError

HIDDEN = re.compile(r"\.|__MACOSX$|Thumbs\.db$|desktop\.ini$")
SPLIT_WORDS: dict[str, Split] = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
SAMPLE = 200  # names that are looked up to find where images lie


class Tree:
    """The files below a folder that are not hidden, by paths relative to it.

    Attributes:
        images: sorted.
        files: all others, sorted.
        linked: folders that are links; nobody looks into them.
    """

    def __init__(self, root: Path) -> None:
        """Walk the folder once; links to folders are not followed."""
        self.root = root
        self.images: list[str] = []
        self.files: list[str] = []
        self.linked: list[str] = []
        for inner, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not HIDDEN.match(name))
            here = Path(inner).relative_to(root)
            self.linked += [(here / name).as_posix() for name in folders if _links(inner, name)]
            for name in sorted(name for name in names if not HIDDEN.match(name)):
                known = Path(name).suffix.lower() in IMAGE_SUFFIXES
                (self.images if known else self.files).append((here / name).as_posix())
        self._check_names()

    def _check_names(self) -> None:
        """Refuse names that neither YAML nor DVC can hold.

        Raises:
            UserError: naming the first.
        """
        odd = [one for one in (*self.images, *self.files) if not one.isprintable()]
        if odd:
            raise UserError(
                f"{self.root} has {len(odd)} files whose names are not UTF-8, or hold control "
                f"characters, first {odd[0]!a}; DVC cannot track them: rename them."
            )

    def with_suffix(self, *suffixes: str) -> list[str]:
        """Return the files of one of the suffixes, whatever their capitals."""
        return [file for file in self.files if Path(file).suffix.lower() in suffixes]

    def suffixes(self, without: Collection[str] = ()) -> Counter[str]:
        """Count the files that are not images by suffix, without some files or suffixes."""
        suffixes = {file: Path(file).suffix.lower() for file in self.files if file not in without}
        shown = (suffix for suffix in suffixes.values() if suffix not in without or not suffix)
        return Counter(suffix or "without suffix" for suffix in shown)

    @cached_property
    def folders(self) -> list[str]:
        """Every folder that has an image in it, or below it, the highest first."""
        found = {str(parent) for image in self.images for parent in PurePosixPath(image).parents}
        return sorted(found, key=lambda folder: (folder.count("/") + (folder != "."), folder))

    @cached_property
    def _known(self) -> set[str]:
        return {*self.images, *(str(PurePosixPath(image).with_suffix("")) for image in self.images)}

    def has(self, folder: str, written: str) -> bool:
        """Whether an image lies in a folder by that path, with or without its suffix."""
        return os.path.normpath(PurePosixPath(folder, written.replace("\\", "/"))) in self._known

    def place(self, written: Iterable[str], near: str = ".") -> tuple[str, float]:
        """Return the folder from which most written paths lead to an image, and their share.

        The folder `near` and those below it are preferred to others.
        """
        names = sample(list(written))
        below = [one for one in self.folders if near in (one, ".") or one.startswith(f"{near}/")]
        best, most = near, 0.0
        for folder in dict.fromkeys([near, ".", *below, *self.folders]):
            share = sum(self.has(folder, name) for name in names) / max(1, len(names))
            if share > most:
                best, most = folder, share
            if share == 1:
                break
        return best, most


def sample(names: list[str]) -> list[str]:
    """Return some of the names, spread over all."""
    return names[:: max(1, len(names) // SAMPLE)]


def split_of(path: str) -> Split | None:
    """Return the split that a file or folder is named after; of several words the last counts.

    `train2017`, `instances_val.json` and `valid/_annotations.coco.json` are of one.
    """
    for part in reversed(PurePosixPath(path).parts):
        for word in reversed(re.findall(r"[A-Za-z]+", PurePosixPath(part).stem)):
            if word.lower() in SPLIT_WORDS:
                return SPLIT_WORDS[word.lower()]
    return None


def by_split(paths: Iterable[str]) -> dict[Split, list[str]] | None:
    """Return paths by the split that each is named after; None if one is named after none."""
    found: dict[Split, list[str]] = {}
    for path in paths:
        split = split_of(path)
        if split is None:
            return None
        found.setdefault(split, []).append(path)
    return {split: found[split] for split in SPLITS if split in found}


def merged(places: dict[Split, str]) -> str | dict[Split, str]:
    """Return one place where all splits have the same."""
    return next(iter(places.values())) if len(set(places.values())) == 1 else places


def _links(folder: str, name: str) -> bool:
    return Path(folder, name).is_symlink()
