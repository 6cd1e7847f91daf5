"""Images in one folder per class: the class is the name of the folder that holds an image."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from modelyard.config.annotation_section import AnnotationSource
from modelyard.errors import UserError

from .listing import Bad, Listed, Listing, Object
from .named import SPELLINGS, class_namer
from .places import PlaceError, Places, is_hidden, is_image


def read(source: AnnotationSource) -> Listing:
    """Read the folders directly below `data.images`; whatever is deeper belongs to its class.

    Raises:
        UserError: there is no image, or the folders are splits rather than classes.
    """
    places, named = Places(source), class_namer(source)
    listing = Listing(source.root / _start(source), entries=0)
    starts = {split: folder for folder, split in places.folders}
    names = {name for folder in starts.values() for name in _folders(source.root / folder)}
    filled = set()
    for place in places.files():
        inside = PurePosixPath(place.path).relative_to(starts[place.split])
        if not is_image(place.path) and not (source.root / place.path).is_dir():
            listing.ignored[inside.suffix.lower() or "no suffix"] += 1
            continue
        filled.add(inside.parts[0])
        listing.entries += 1
        try:
            places.check(place.path)
            one = _object(source.root / place.path, inside, named)
        except (ValueError, PlaceError) as error:
            listing.bad.append(Bad(place.path, str(error)))
        else:
            listing.images[place.path] = Listed(place.path, [(place.path, one)], split=place.split)
    if not listing.entries:
        raise UserError(
            f"{listing.file} has no image in any folder; put those of each class into a folder "
            "that is named as the class."
        )
    listing.classes = sorted({label for name in names if (label := _label(named, name))})
    if empty := sorted(names - filled):
        listing.notes.append(
            f"{listing.file}: no image is in the folders of these classes: {', '.join(empty)}."
        )
    return listing


def _start(source: AnnotationSource) -> str:
    """Return the folder in which all images are."""
    return source.images if isinstance(source.images, str) else ""


def _folders(folder: Path) -> list[str]:
    """Return the names of the classes' folders."""
    names = sorted(
        one.name
        for one in folder.iterdir()
        if one.is_dir() and not one.is_symlink() and not is_hidden(one.name)
    )
    if names and all(name.lower() in SPELLINGS for name in names):
        raise UserError(
            f"{folder} has the folders {', '.join(names)}, which are splits, not classes; set "
            "data.images in config.yaml to the folder of each split, such as "
            "{train: train, test: test}."
        )
    return names


def _label(named: Callable[[str], str], name: str) -> str | None:
    try:
        return named(name)
    except ValueError:
        return None


def _object(file: Path, inside: PurePosixPath, named: Callable[[str], str]) -> Object:
    """Return the class of an image by its path inside the images' folder."""
    if file.is_dir():
        raise ValueError("it is a link to a folder, which is not followed; put the folder there")
    if len(inside.parts) == 1:
        raise ValueError("it lies in no folder of a class; move it into one")
    return Object(named(inside.parts[0]), None)
