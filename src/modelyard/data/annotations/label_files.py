"""Files that annotate one image each, as YOLO, Pascal VOC and LabelMe have them.

Such a file has the path and the name of its image, below a folder of its own: `labels/a/b.txt`
is that of `images/a/b.jpg`. Of folders by split, each belongs to the folder of the same split.
"""

import os
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from modelyard.config.annotation_section import AnnotationSource, Split
from modelyard.errors import UserError

from .listing import Bad, Box, Listed, Listing, missing
from .places import DVC_CACHE, Place, PlaceError, Places

Size = tuple[int, int]  # height, width


class LabelFile(NamedTuple):
    """A file of annotations.

    Attributes:
        path: relative to the data's root; it says in messages where something stands.
        name: below the folder of annotations, without suffix: that of its image.
        split: that of its folder; None: any.
    """

    path: str
    name: str
    split: Split | None


def label_listing(source: AnnotationSource) -> Listing:
    """Return a listing of which nothing is read yet; places in it are relative to root."""
    return Listing(source.root, 0)


def label_files(source: AnnotationSource, suffix: str) -> list[LabelFile]:
    """Return all files with a suffix below the folders of annotations, sorted.

    Raises:
        UserError: a folder is missing, lies outside root, or is a link, or has no files of labels.
    """
    folders = source.annotations
    pairs: list[tuple[Split | None, str]] = (
        [(None, folders)] if isinstance(folders, str) else [*folders.items()]
    )
    found = [one for split, folder in pairs for one in _files(source, folder, split, suffix)]
    if not found:
        where = " and ".join(str(source.root / folder) for _, folder in pairs)
        raise UserError(
            f"{where} has no {suffix} file; correct data.annotations or data.annotation_type in "
            "config.yaml."
        )
    return found


def read_label(root: Path, path: str) -> bytes | str:
    """Return what is in a file of annotations, or why it cannot be read (a string)."""
    real, inside = os.path.realpath(root / path), posixpath.join(os.path.realpath(root), "")
    if not real.startswith(inside) and not DVC_CACHE.search(real):
        return f"it is a link to {real}, outside {root}; put the file itself there"
    try:
        return (root / path).read_bytes()
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"


def mirrored_name(source: AnnotationSource, place: Place) -> str:
    """Return an image's path below its folder of images, without suffix."""
    folder = source.images if isinstance(source.images, str) else _folder_of(source.images, place)
    return posixpath.splitext(posixpath.relpath(place.path, posixpath.normpath(folder)))[0]


def add_image(
    listing: Listing, place: Place, where: str, *, size: Size | None = None, split: Split | None
) -> Listed | None:
    """Add an image to the listing; return None, and note it as bad, if it is listed already."""
    if place.path in listing.images:
        other = listing.images[place.path].where
        listing.bad.append(Bad(where, f"{place.path} is annotated by {other} too; keep one"))
        return None
    listed = Listed(where, size=size, split=place.split or split, missing=place.missing)
    listing.images[place.path] = listed
    return listed


def note_unlabelled(
    source: AnnotationSource, listing: Listing, known: set[str], suffix: str
) -> None:
    """Count every image that no file annotates: nobody said that nothing is there.

    Where lists of splits say which images are needed, others are only noted.
    """
    unlabelled = [place for place in Places(source).images() if place.path not in known]
    if source.split_lists and unlabelled:
        listing.notes.append(
            f"{listing.file}: {len(unlabelled)} images have no {suffix} file, first "
            f"{unlabelled[0].path}; those in a list of data.split_lists are counted as bad."
        )
    elif unlabelled:
        for place in unlabelled:
            listing.entries += 1
            listing.bad.append(
                Bad(
                    place.path,
                    f"the image has no {suffix} file of its name; write one without objects if "
                    "nothing is to be seen",
                )
            )


def own_image(places: Places, file: LabelFile) -> set[str]:
    """Return the path of the image of a file's own name, if there is one."""
    try:
        return {places.find(file.name, file.split).path}
    except PlaceError:
        return set()


def stem(written: str) -> str:
    """Return a path's name without suffix and folders, on whatever system it was written."""
    return posixpath.splitext(written.replace("\\", "/").rpartition("/")[2])[0]


def measure(source: AnnotationSource, path: str) -> Size | None:
    """Return an image's height and width as it is read, None if it cannot be."""
    from modelyard.data.images import image_size  # Pillow is needed only here

    try:
        return image_size(source.root / path, getattr(source, "exif", "ignore"))
    except UserError:
        return None


def bounds(polygons: Sequence[Sequence[float]]) -> Box:
    """Return the box (x1, y1, x2, y2) around polygons of x, y, x, y and so on."""
    xs = [x for polygon in polygons for x in polygon[::2]]
    ys = [y for polygon in polygons for y in polygon[1::2]]
    return min(xs), min(ys), max(xs), max(ys)


def _files(
    source: AnnotationSource, folder: str, split: Split | None, suffix: str
) -> Iterator[LabelFile]:
    folder = posixpath.normpath(folder)
    if posixpath.isabs(folder) or folder.split("/", 1)[0] == "..":
        raise UserError(
            f"data.annotations in config.yaml is {folder}, which lies outside {source.root}; "
            "everything must lie inside data.root."
        )
    if not (source.root / folder).is_dir():
        raise missing(source.root / folder)
    for inner, folders, names in os.walk(source.root / folder):
        folders.sort()
        for name in folders:
            if Path(inner, name).is_symlink():
                raise UserError(
                    f"{Path(inner, name)} is a link to a folder, which is not followed; put the "
                    "folder itself there."
                )
        for name in sorted(names):
            if name.lower().endswith(suffix) and not name.startswith("."):
                path = posixpath.relpath(posixpath.join(inner, name), source.root)
                below = posixpath.relpath(path, folder)
                yield LabelFile(posixpath.normpath(path), posixpath.splitext(below)[0], split)


def _folder_of(folders: dict[Split, str], place: Place) -> str:
    return next(folder for split, folder in folders.items() if split == place.split)
