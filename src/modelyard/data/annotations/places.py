"""Where images lie: from what annotations write to paths inside the data's root."""
# ruff: noqa: PTH113, PTH114, PTH117, PTH118, PTH119, PTH122  (pathlib is slow: 100,000 paths)

import os
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import PureWindowsPath
from typing import NamedTuple

from modelyard.config.annotation_section import AnnotationSource, Split
from modelyard.data.suffixes import IMAGE_SUFFIXES

from .misspelt import spellings

DVC_CACHE = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{30}$")  # where DVC links to
NOBODYS = frozenset(["__MACOSX", "Thumbs.db", "desktop.ini"])  # what systems leave behind


class PlaceError(Exception):
    """Why an image has no usable place, as the end of a sentence: `a.png is not in data/raw/x`."""


class Place(NamedTuple):
    """An image: its path relative to root, and the split that its folder is; None: any.

    Attributes:
        missing: why it is not there; an empty string if it is.
    """

    path: str
    split: Split | None
    missing: str = ""


class Places:
    """The images of a source."""

    def __init__(self, source: AnnotationSource) -> None:
        """Look at nothing yet."""
        self._root = os.fspath(source.root)
        folders = source.images
        self.folders: list[tuple[str, Split | None]] = (
            [(os.path.normpath(folders), None)]
            if isinstance(folders, str)
            else [(os.path.normpath(folder), split) for split, folder in folders.items()]
        )
        self._real_folders: dict[str, str] = {}

    def files(self) -> Iterator[Place]:
        """Yield every file below the images' folders, sorted, without hidden ones.

        A link to a folder is yielded as if it were a file: what is behind it is not looked at.
        """
        for folder, split in self.folders:
            for path in sorted(_walk(self._root, folder)):
                yield Place(path, split)

    def images(self) -> Iterator[Place]:
        """Yield every image below the images' folders, sorted; links to folders not followed."""
        for place in self.files():
            if is_image(place.path):
                yield place

    def find(self, written: str, split: Split | None = None) -> Place:
        """Return the place of an image that annotations write so; of a split, if they name one.

        `./a.png` and `x/../a.png` are `a.png`. A name without an image's suffix is that of the one
        image which differs in nothing else.

        Raises:
            PlaceError: it is not there, or lies outside root.
        """
        place = self.place(written, split)
        if place.missing:
            raise PlaceError(place.missing)
        return place

    def place(self, written: str, split: Split | None = None) -> Place:
        """Return the same as `find`, or where an image that is not there would be.

        Raises:
            PlaceError: it lies outside root, or there are several.
        """
        folders = [one for one in self.folders if split is None or one[1] in (None, split)]
        if not folders:
            raise PlaceError(f"{written} is in {split}, for which data.images names no folder")
        possible = [(self._inside(folder, written), of) for folder, of in folders]
        found = [(path, of) for one, of in possible for path in self._existing(one)]
        if len(found) > 1:
            either = " and ".join(path for path, _ in found[:2])
            raise PlaceError(f"{written} may be {either}; write which")
        if not found:
            return Place(*possible[0], missing=self._why_missing(folders, written))
        self.check(found[0][0])
        return Place(*found[0])

    def check(self, path: str) -> None:
        """Refuse a link out of root; links to DVC's own cache are fine.

        Raises:
            PlaceError: it is one.
        """
        folder, name = os.path.split(path)
        target = os.path.join(self._real(folder), name)
        if os.path.islink(target):
            target = os.path.realpath(target)
        if not target.startswith(os.path.join(self._real(""), "")) and not DVC_CACHE.search(target):
            raise PlaceError(
                f"{path} is behind a link to {target}, outside {self._root}; DVC would not notice "
                "its changes: put the file itself there"
            )

    def _real(self, folder: str) -> str:
        if folder not in self._real_folders:
            self._real_folders[folder] = os.path.realpath(os.path.join(self._root, folder))
        return self._real_folders[folder]

    def _inside(self, folder: str, written: str) -> str:
        if os.path.isabs(written) or PureWindowsPath(written).is_absolute():
            raise PlaceError(f"{written} is an absolute path; write it relative to data.images")
        path = os.path.normpath(os.path.join(folder, written))
        if path.split(os.sep, 1)[0] == os.pardir:
            raise PlaceError(f"{written} leaves {self._root}; all images must lie inside data.root")
        return path

    def _existing(self, path: str) -> list[str]:
        if os.path.isfile(os.path.join(self._root, path)):
            return [path]
        return [] if is_image(path) else self._by_stem.get(path, [])

    def _why_missing(self, folders: list[tuple[str, Split | None]], written: str) -> str:
        """Say that an image is missing and, where one of nearly the same name is not, why."""
        inside = [folder for folder, _ in folders]
        where = " or ".join(os.path.normpath(os.path.join(self._root, one)) for one in inside)
        missing = f"{written} is not in {where}"
        for folder in inside:
            path = os.path.normpath(os.path.join(folder, written))
            if os.path.islink(os.path.join(self._root, path)):
                return f"{path} is a link to a file that does not exist; `dvc checkout` may mend it"
            for other, why in spellings(written):
                if self._is_file(os.path.join(folder, other)):
                    return f"{missing}, but {other} is: {why}"
            if other := self._by_lower.get(path.lower(), ""):
                return f"{missing}, but {other} is: capital letters count"
        if self._is_file(written):
            return f"{missing}, but in {self._root}: data.images says where paths start"
        elsewhere = self._by_name.get(os.path.basename(written), [])
        for path in elsewhere:
            if path.endswith(os.sep + written):
                start = path.removesuffix(os.sep + written)
                return f"{missing}, but {path} is: data.images says where paths start, as {start}"
        return missing

    def _is_file(self, path: str) -> bool:
        inside = not os.path.normpath(path).startswith((os.pardir, os.sep))
        return inside and os.path.isfile(os.path.join(self._root, path))

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return self._images_by(lambda path: os.path.splitext(path)[0])

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return self._images_by(os.path.basename)

    @cached_property
    def _by_lower(self) -> dict[str, str]:
        return {place.path.lower(): place.path for place in self.images()}

    def _images_by(self, key: Callable[[str], str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for place in self.images():
            found.setdefault(key(place.path), []).append(place.path)
        return found


def is_image(path: str) -> bool:
    """Say whether a file has the suffix of an image."""
    return os.path.splitext(path)[1].lower() in IMAGE_SUFFIXES


def _walk(root: str, folder: str) -> Iterator[str]:
    """Yield the paths of all files, and links to folders, below a folder, relative to root."""
    for inner, folders, names in os.walk(os.path.join(root, folder)):
        here = os.path.relpath(inner, root)
        links = [name for name in folders if os.path.islink(os.path.join(inner, name))]
        folders[:] = [name for name in folders if not is_hidden(name)]
        for name in names + links:
            if not is_hidden(name):
                yield os.path.normpath(os.path.join(here, name))


def is_hidden(name: str) -> bool:
    """Say whether a file or folder is one that systems leave behind, not people."""
    return name.startswith(".") or name in NOBODYS
